"""Dot product of bfloat16, added up and returned in float; a product of two is exact there."""

from harness.contract import op, sum_of

dot_bf16 = op(
    "float dot_bf16(const __bf16 *x, const __bf16 *y, size_t len)",
    inputs="x[len], y[len]",
    reference=lambda x, y: (x * y).sum(),
    passes=[sum_of("return", lambda x, y: x * y, roundings=0)],
)
