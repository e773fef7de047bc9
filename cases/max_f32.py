"""Largest element of a row; a NaN anywhere gives NaN, the largest of nothing is minus infinity."""

import numpy as np

from harness.contract import BEYOND_16_BITS, MORE_SIZES, max_of, op, standard

max_f32 = op(
    "float max_f32(const float *x, size_t len)",
    inputs="x[len]",
    reference=lambda x: np.max(x, initial=-np.inf),
    passes=[max_of("return", lambda x: x)],
    suites=standard(MORE_SIZES, BEYOND_16_BITS),
)
