"""Logistic function, element by element: 1 / (1 + e**-x)."""

import numpy as np

from harness.contract import (
    around,
    around_lanes,
    each,
    every,
    every_residue,
    normal,
    op,
    placements,
    special_values,
    zeros,
)

SIZES = [*every(1, 33), *around([256, 1024, 4096], -4, 4), 8192, 32768]

sigmoid_f32 = op(
    "void sigmoid_f32(float *out, const float *x, size_t len)",
    inputs="x[len]",
    outputs="out[len]",
    reference=lambda x: 1 / (1 + np.exp(-x)),
    passes=[
        # 4 ULP: the exponential (2 ULP), the sum and the quotient (1 ULP together), and what they amplify.
        each("out", lambda x: 1 / (1 + np.exp(-x)), roundings=8),
    ],
    # From small values up to where the exponential overflows and underflows.
    pattern=normal(scale_exponents=(-2, 5)),
    ranges={"out": (0.0, 1.0)},
    in_place=[("out", "x")],
    suites={
        "boundary": [0, *SIZES, zeros(1024), 65535, 65536, 65537],
        "residues": [*around_lanes([1, 2, 4, 8], -1, 1), *every_residue()],
        "special": special_values(
            [
                "nan",
                "-nan",
                "snan",
                "inf",
                "-inf",
                "zero",
                "-zero",
                "subnormal",
                "-subnormal",
                "smallest",
                "largest",
                "-largest",
            ]
        ),
        "placement": placements(in_place=True),
    },
)
