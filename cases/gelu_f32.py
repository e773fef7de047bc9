"""GELU in its tanh form: x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, element by element; -0 at -infinity.

The form with the error function differs from it by up to 5e-4 and is another op. Evaluated as written, the sum of 1 and
the tangent cancels below zero: results there are held to the rounding errors of that sum, and not to their own size.
"""

import numpy as np

from harness.contract import each, normal, op, rows, standard


def argument(x):
    """What the logistic function is taken of: gelu(x) = x / (1 + e**-argument)."""
    return 2 * np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)


def gelu(x):
    """The formula; its limit at minus infinity is -0, where the product itself is NaN."""
    return np.where(x == -np.inf, -0.0, x / (1 + np.exp(-argument(x))))


def larger_term(x):
    """What roundings are relative to: |x| (1 + |tanh|) / 2, whose terms cancel where x is negative."""
    v = np.minimum(abs(argument(x)), 110)
    return np.where(np.isinf(x), 0.0, abs(x)) / (1 + np.exp(-v))


def roundings(x):
    """How the argument's own roundings come out: 4 of them (square, two products, a sum), times what they amplify.

    A relative change d of the argument v moves the logistic function, which is (1 + tanh(v / 2)) / 2, by at most
    d |v| / (1 + e**|v|) of the larger term. 12 are for the rest. By the logistic form: the exponential (4), which
    e**-v / (1 + e**-v) has twice, the sum, the quotient and the product, as for silu_f32. By the tangent 7 would do: 4
    of its own and the sum, of which half counts each, and two products.
    """
    v = np.minimum(abs(argument(x)), 110)
    return 12 + 4 * v / (1 + np.exp(v))


gelu_f32 = op(
    "void gelu_f32(float *out, const float *x, size_t len)",
    inputs="x[len]",
    outputs="out[len]",
    reference=gelu,
    passes=[each("out", gelu, roundings=roundings, magnitude=larger_term)],
    # Where neighbours differ; far out, where the result is 0 or x, is in the suite "far out".
    pattern=normal(scale_exponents=(-3, 0)),
    in_place=[("out", "x")],
    suites=standard(sensitivity=normal((-2, 0)), special=["largest", "-largest"])
    | {"far out": rows(normal((1, 6)), [33, 1000, 4096])},
)
