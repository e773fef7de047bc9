"""Index of the largest element: the first of equal ones, zeros of either sign being equal; the first NaN, if there is
one; 0 for an empty row.
"""

import numpy as np

from harness.contract import (
    around,
    around_lanes,
    every,
    every_residue,
    exact,
    loud,
    loud_subsets,
    op,
    peaks,
    peaks_by_lanes,
    placements,
    special_values,
    structured,
    zeros,
)

SIZES = [*every(1, 33), *around([256, 1024], -2, 2), 4096]


def argmax(x):
    """The first NaN is the largest for numpy, too."""
    return np.argmax(x) if x.size else 0


argmax_f32 = op(
    "size_t argmax_f32(const float *x, size_t len)",
    inputs="x[len]",
    reference=argmax,
    tolerance=exact(),
    suites={
        "boundary": [0, *SIZES, zeros(1024), 65537],
        "residues": [*around_lanes([1, 2, 4, 8], -1, 1), *every_residue()],
        "visible": peaks(every(2, 33)) * 2,
        "long": [*peaks_by_lanes([1023]), *peaks([4096, 65537])],
        # Equal largest elements at random places: neither the lowest lane nor the last iteration has the first.
        "ties": loud_subsets(loud(1.0, 1.0, signed=False), [33, 100, 1023], most=8),
        "special": [
            *special_values(
                ["nan", "-nan", "snan", "inf", "-inf", "zero", "-zero", "subnormal", "-subnormal", "smallest"]
            ),
            *special_values(["largest", "-largest"]),
            *structured([255]),
        ],
        "placement": placements(),
    },
)
