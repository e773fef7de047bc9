"""Sigmoid linear unit, element by element: x / (1 + e**-x)."""

import numpy as np

from harness.contract import BEYOND_16_BITS, MORE_SIZES, each, normal, op, rows, standard

# Where e**-x overflows, from x = -88.7 down, the formula as it is written comes to -0 in float32, and not to something
# below 89 * 2**-128: that is no defect. Below this, 12 roundings are taken relative to it, which makes 192 * 2**-128.
UNDERFLOW = 2.0**-100


def silu(x):
    """The formula; its limit at minus infinity is -0, where the quotient itself is -infinity / infinity."""
    return np.where(x == -np.inf, -0.0, x / (1 + np.exp(-x)))


silu_f32 = op(
    "void silu_f32(float *out, const float *x, size_t len)",
    inputs="x[len]",
    outputs="out[len]",
    reference=silu,
    passes=[
        # As for the sigmoid (8), with a second factor of e**-x/2 and the product.
        each("out", silu, roundings=12, magnitude=lambda x: np.maximum(abs(silu(x)), UNDERFLOW)),
    ],
    # Where neighbours differ; far out, where the result saturates, is in the suite "far out".
    pattern=normal(scale_exponents=(-2, 1)),
    in_place=[("out", "x")],
    suites=standard(MORE_SIZES, BEYOND_16_BITS, sensitivity=normal((-1, 1)), special=["largest", "-largest"])
    | {"far out": rows(normal((3, 6)), [33, 100, 1000, 4096])},
)
