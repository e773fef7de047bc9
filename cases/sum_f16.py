"""Sum of a row in half precision, added up and returned in float."""

import numpy as np

from harness.contract import op, sum_of

sum_f16 = op(
    "float sum_f16(const _Float16 *x, size_t len)",
    inputs="x[len]",
    reference=np.sum,
    passes=[sum_of("return", lambda x: x, roundings=0)],
)
