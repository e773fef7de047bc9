"""A row times a number."""

from harness.contract import (
    around,
    around_lanes,
    each,
    every,
    every_residue,
    loud,
    normal,
    op,
    placements,
    rows,
    sparse,
    special_values,
    zeros,
)

SIZES = [*every(1, 33), *around([256, 1024], -2, 2), 4096]


scale_f32 = op(
    "void scale_f32(float *out, const float *x, size_t len, float a)",
    inputs="x[len]",
    outputs="out[len]",
    scalars={"a": [1.5, -3.0]},
    reference=lambda x, a: a * x,
    passes=[each("out", lambda x, a: a * x, roundings=1)],
    in_place=[("out", "x")],
    suites={
        "boundary": [0, *SIZES, zeros(1024), 65537],
        "residues": [*around_lanes([1, 2, 4, 8], -1, 1), *every_residue()],
        "visible": rows(normal((0, 2)), [*SIZES, 65537]),
        "special": [
            *special_values(
                ["nan", "-nan", "snan", "inf", "-inf", "zero", "-zero", "subnormal", "-subnormal", "smallest"]
            ),
            *special_values(["largest-subnormal", "-largest-subnormal"]),
        ],
        "placement": placements(in_place=True),
        # Beyond 31 and 32 bits of a byte count; an index of 31 bits would need 8 GiB of memory.
        "huge": [sparse(loud(1.0, 2.0), size) for size in (2**29 + 3, 2**30 + 5)],
    },
)
