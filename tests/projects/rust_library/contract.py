"""y = a x + y."""

import numpy as np

from harness.contract import each, every, op

axpy_f32 = op(
    "void axpy_f32(float a, const float *x, float *y, size_t n)",
    inputs="x[n]",
    inout="y[n]",
    scalars={"a": [0.5, -2.0]},
    reference=lambda a, x, y: a * x + y,
    passes=[
        each("y", lambda a, x, y: a * x + y, roundings=2, magnitude=lambda a, x, y: np.abs(a * x) + np.abs(y)),
    ],
    suites={"short": [*every(0, 33), 1000]},
)
