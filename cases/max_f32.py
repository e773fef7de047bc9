"""Largest element of a row; a NaN anywhere gives NaN, the largest of nothing is minus infinity."""

import numpy as np

from harness.contract import (
    around,
    around_lanes,
    each,
    every,
    every_residue,
    loud,
    max_of,
    op,
    peaks,
    peaks_by_lanes,
    placements,
    sparse,
    special_values,
    structured,
    zeros,
)

SIZES = [*every(1, 33), *around([256, 1024, 4096], -4, 4), 8192, 32768]

max_f32 = op(
    "float max_f32(const float *x, size_t len)",
    inputs="x[len]",
    reference=lambda x: np.max(x, initial=-np.inf),
    passes=[
        max_of("largest", lambda x: x),
        each("return", lambda largest: largest, roundings=0),
    ],
    suites={
        "boundary": [0, *SIZES, zeros(1024), 65535, 65536, 65537],
        "residues": [*around_lanes([1, 2, 4, 8], -1, 1), *every_residue()],
        "visible": peaks(SIZES),
        "long": [*peaks_by_lanes([1023, 4097]), *peaks([65535, 65536, 65537])],
        "special": [
            *special_values(
                ["nan", "-nan", "snan", "inf", "-inf", "zero", "-zero", "subnormal", "-subnormal", "smallest"]
            ),
            *special_values(["largest", "-largest"]),
            *structured([255]),
        ],
        "placement": placements(),
        # Beyond 31 and 32 bits of a byte count, and 31 bits of an index: the largest is the last, or the first beyond.
        "huge": [
            sparse(loud(1.0, 2.0, signed=False), size, [at])
            for size, at in ((2**29 + 3, 2**29 + 2), (2**30 + 5, 2**30 + 4), (2**30 + 5, 2**29), (2**31 + 7, 2**31 + 6))
        ],
    },
)
