"""Logistic function, element by element: 1 / (1 + e**-x)."""

import numpy as np

from harness.contract import BEYOND_16_BITS, MORE_SIZES, each, normal, op, rows, standard

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
        # The exponential (4), the sum (1), the quotient (1), and what they amplify.
        each("out", sigmoid, roundings=8, magnitude=lambda x: np.maximum(sigmoid(x), UNDERFLOW)),
    ],
    # Where neighbours differ; far out, where the result saturates, is in the suite "far out".
    pattern=normal(scale_exponents=(-2, 1)),
    ranges={"out": (0.0, 1.0)},
    in_place=[("out", "x")],
    suites=standard(MORE_SIZES, BEYOND_16_BITS, sensitivity=normal((-1, 1)), special=["largest", "-largest"])
    | {"far out": rows(normal((3, 6)), [33, 100, 1000, 4096])},
)
