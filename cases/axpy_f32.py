"""y += a * x."""

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

SIZES = [*every(1, 33), *around([256, 1024, 4096], -4, 4), 8192, 32768]

axpy_f32 = op(
    "void axpy_f32(float *y, const float *x, size_t len, float a)",
    inout="y[len]",
    inputs="x[len]",
    scalars={"a": [1.5, -3.0]},
    reference=lambda y, x, a: y + a * x,
    passes=[
        # Relative to both terms, since they may cancel: the product (1, none where it is fused) and the sum (1).
        each("y", lambda y, x, a: y + a * x, roundings=2, magnitude=lambda y, x, a: abs(y) + abs(a * x)),
    ],
    pattern=normal(),
    suites={
        "boundary": [0, *SIZES, zeros(1024), 65535, 65536, 65537],
        "residues": [*around_lanes([1, 2, 4, 8], -1, 1), *every_residue()],
        "visible": rows(normal(), [*SIZES, 65535, 65536, 65537]),
        "special": special_values(
            ["nan", "-nan", "snan", "inf", "-inf", "zero", "-zero", "subnormal", "-subnormal", "smallest"]
        ),
        "placement": placements(),
        # Beyond 31 and 32 bits of a byte count; an index of 31 bits would need 8 GiB of memory.
        "huge": [sparse(loud(1.0, 2.0), size) for size in (2**29 + 3, 2**30 + 5)],
    },
)
