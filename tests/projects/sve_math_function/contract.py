"""A smooth step: x / (1 + |x|), element by element."""

import numpy as np

from harness.contract import around_lanes, each, every, normal, op

soft_sign_f32 = op(
    "void soft_sign_f32(const float *x, float *out, size_t n)",
    inputs="x[n]",
    outputs="out[n]",
    reference=lambda x: x / (1 + np.abs(x)),
    passes=[each("out", lambda x: x / (1 + np.abs(x)), roundings=2)],
    pattern=normal(scale_exponents=(-2, 2)),
    in_place=[("out", "x")],
    suites={"short": [*every(0, 20), *around_lanes([1, 4], -1, 1)]},
)
