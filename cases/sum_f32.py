"""Sum of a row."""

from harness.contract import (
    around,
    around_lanes,
    each,
    every,
    every_residue,
    loud,
    loud_subsets,
    op,
    placements,
    sparse,
    special_values,
    structured,
    sum_of,
    zeros,
)

SIZES = [*every(1, 33), *around([256, 1024, 4096], -4, 4), 8192, 32768]

sum_f32 = op(
    "float sum_f32(const float *x, size_t len)",
    inputs="x[len]",
    reference=lambda x: x.sum(),
    passes=[
        sum_of("total", lambda x: x, roundings=0),
        each("return", lambda total: total, roundings=0),
    ],
    suites={
        "boundary": [0, *SIZES, zeros(1024), 65535, 65536, 65537],
        "residues": [*around_lanes([1, 2, 4, 8], -1, 1), *every_residue()],
        "visible": loud_subsets(loud(1.0, 2.0), SIZES),
        "long": loud_subsets(loud(1.0, 2.0), [65535, 65536, 65537]),
        # Not the largest numbers: whether their sum overflows on the way depends on the order.
        "special": [
            *special_values(["nan", "-nan", "snan", "inf", "-inf", "zero", "-zero", "subnormal", "smallest"]),
            *structured([255, 4097]),
        ],
        "placement": placements(),
        # Beyond 31 and 32 bits of a byte count, and 31 bits of an index.
        "huge": [sparse(loud(1.0, 2.0), size) for size in (2**29 + 3, 2**30 + 5, 2**31 + 7)],
    },
)
