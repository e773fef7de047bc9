"""Index of the largest element: the first of equal ones, zeros of either sign being equal; the first NaN, if there is
one; 0 for an empty row.
"""

import numpy as np

from harness.contract import (
    dominant,
    dominant_subsets,
    every,
    exact,
    op,
    peaks,
    peaks_by_lanes,
    standard,
    structured,
)


def argmax(x):
    """The first NaN is the largest for numpy, too."""
    return np.argmax(x) if x.size else 0


argmax_f32 = op(
    "size_t argmax_f32(const float *x, size_t len)",
    inputs="x[len]",
    reference=argmax,
    tolerance=exact(),
    # That a maximum is what counts, and not any row's element, follows from no part of the contract.
    suites=standard(special=["largest", "-largest"])
    | {
        "sensitivity": peaks(every(2, 33)) * 2,
        "long": [*peaks_by_lanes([1023]), *peaks([4096, 65537])],
        # Equal largest elements at random places: neither the lowest lane nor the last iteration has the first.
        "ties": [*dominant_subsets(dominant(1.0, 1.0, signed=False), [33, 100, 1023], most=8), *structured([255])],
    },
)
