"""Dot product of two rows."""

import numpy as np

from harness.contract import BEYOND_16_BITS, MORE_SIZES, op, standard, sum_of

dot_f32 = op(
    "float dot_f32(const float *x, const float *y, size_t len)",
    inputs="x[len], y[len]",
    reference=np.dot,
    passes=[sum_of("return", np.multiply, roundings=1)],
    suites=standard(MORE_SIZES, BEYOND_16_BITS),
)
