"""Sum of a row."""

import numpy as np

from harness.contract import BEYOND_16_BITS, MORE_SIZES, op, standard, sum_of

sum_f32 = op(
    "float sum_f32(const float *x, size_t len)",
    inputs="x[len]",
    reference=np.sum,
    passes=[sum_of("return", lambda x: x, roundings=0)],
    suites=standard(MORE_SIZES, BEYOND_16_BITS),
)
