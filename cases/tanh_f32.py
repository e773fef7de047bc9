"""Hyperbolic tangent, element by element."""

import numpy as np

from harness.contract import each, normal, op, rows, standard

tanh_f32 = op(
    "void tanh_f32(float *out, const float *x, size_t len)",
    inputs="x[len]",
    outputs="out[len]",
    reference=np.tanh,
    # Also near zero, where the result is small: an exponential less 1 (4), a sum (1), a quotient (1), and 2 to spare.
    passes=[each("out", np.tanh, roundings=8)],
    # Where neighbours differ; far out, where the result is 1, is in the suite "far out".
    pattern=normal(scale_exponents=(-12, 0)),
    ranges={"out": (-1.0, 1.0)},
    in_place=[("out", "x")],
    suites=standard(sensitivity=normal((-2, 0)), special=["largest", "-largest"])
    | {"far out": rows(normal((1, 6)), [33, 1000, 4096])},
)
