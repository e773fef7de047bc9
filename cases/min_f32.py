"""Smallest element of a row; a NaN anywhere gives NaN, the smallest of nothing is infinity."""

import numpy as np

from harness.contract import min_of, op

min_f32 = op(
    "float min_f32(const float *x, size_t len)",
    inputs="x[len]",
    reference=lambda x: np.min(x, initial=np.inf),
    passes=[min_of("return", lambda x: x)],
)
