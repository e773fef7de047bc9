"""Sum of a row in half precision, added up and returned in float."""

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


sum_f16 = op(
    "float sum_f16(const _Float16 *x, size_t len)",
    inputs="x[len]",
    reference=lambda x: x.sum(),
    passes=[
        sum_of("total", lambda x: x, roundings=0),
        each("return", lambda total: total, roundings=0),
    ],
    suites={
        "boundary": [0, *SIZES, zeros(1024), 65537],
        "residues": [*around_lanes([1, 2, 4, 8], -1, 1), *every_residue()],
        # Several sets: at 8 or 11 bits, neighbours that are alike are frequent.
        "visible": loud_subsets(loud(1.0, 2.0), SIZES) * 4,
        "special": [
            *special_values(["nan", "-nan", "snan", "inf", "-inf", "zero", "-zero", "subnormal", "smallest"]),
            *structured([255]),
        ],
        "placement": placements(2),
    },
)
