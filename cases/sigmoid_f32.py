"""Logistic function, element by element: 1 / (1 + e**-x)."""

import numpy as np

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
# Where e**-x overflows, from x = -88.7 down, the formula as it is written comes to 0 in float32, and not to 2**-128 or
# less: that is no defect. Below this, 8 roundings are taken relative to it, which makes 2**-127.
UNDERFLOW = 2.0**-106


def sigmoid(x):
    """The formula."""
    return 1 / (1 + np.exp(-x))


sigmoid_f32 = op(
    "void sigmoid_f32(float *out, const float *x, size_t len)",
    inputs="x[len]",
    outputs="out[len]",
    reference=sigmoid,
    passes=[
        # 4 ULP: the exponential (2 ULP), the sum and the quotient (1 ULP together), and what they amplify.
        each("out", sigmoid, roundings=8, magnitude=lambda x: np.maximum(sigmoid(x), UNDERFLOW)),
    ],
    # Where neighbours differ; far out, where the result saturates, is in the suite "special".
    pattern=normal(scale_exponents=(-2, 1)),
    ranges={"out": (0.0, 1.0)},
    in_place=[("out", "x")],
    suites={
        "boundary": [0, *SIZES, zeros(1024), 65535, 65536, 65537],
        "residues": [*around_lanes([1, 2, 4, 8], -1, 1), *every_residue()],
        "visible": rows(normal((-1, 1)), [*SIZES, 65535, 65536, 65537]),
        "special": [
            *rows(normal((3, 6)), [33, 100, 1000, 4096]),
            *special_values(
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
        ],
        "placement": placements(in_place=True),
        # Beyond 31 and 32 bits of a byte count; an index of 31 bits would need 8 GiB of memory.
        "huge": [sparse(loud(1.0, 2.0), size) for size in (2**29 + 3, 2**30 + 5)],
    },
)
