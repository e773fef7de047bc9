"""Dot product of bfloat16, added up and returned in float; a product of two is exact there."""

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
    special_values,
    structured,
    sum_of,
    zeros,
)

SIZES = [*every(1, 33), *around([256, 1024], -2, 2), 4096]


dot_bf16 = op(
    "float dot_bf16(const __bf16 *x, const __bf16 *y, size_t len)",
    inputs="x[len], y[len]",
    reference=lambda x, y: (x * y).sum(),
    passes=[
        sum_of("total", lambda x, y: x * y, roundings=0),
        each("return", lambda total: total, roundings=0),
    ],
    suites={
        "boundary": [0, *SIZES, zeros(1024), 65537],
        "residues": [*around_lanes([1, 2, 4, 8], -1, 1), *every_residue()],
        # Several sets: at 8 or 11 bits, neighbours that are alike are frequent.
        "visible": loud_subsets(loud(1.0, 2.0), SIZES) * 8,
        "special": [
            *special_values(["nan", "-nan", "snan", "inf", "-inf", "zero", "-zero", "subnormal", "smallest"]),
            *structured([255]),
        ],
        "placement": placements(2),
    },
)
