"""Smallest element of a row; a NaN anywhere gives NaN, the smallest of nothing is infinity."""

import numpy as np

from harness.contract import (
    around,
    around_lanes,
    each,
    every,
    every_residue,
    max_of,
    op,
    peaks,
    peaks_by_lanes,
    placements,
    special_values,
    structured,
    zeros,
)

SIZES = [*every(1, 33), *around([256, 1024], -2, 2), 4096]


min_f32 = op(
    "float min_f32(const float *x, size_t len)",
    inputs="x[len]",
    reference=lambda x: np.min(x, initial=np.inf),
    passes=[
        max_of("largest", lambda x: -x),
        each("return", lambda largest: -largest, roundings=0),
    ],
    suites={
        "boundary": [0, *SIZES, zeros(1024), 65537],
        "residues": [*around_lanes([1, 2, 4, 8], -1, 1), *every_residue()],
        "visible": peaks(SIZES, lowest=True),
        "long": peaks_by_lanes([1023], lowest=True),
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
