"""The sum of a row."""

from harness.contract import each, every, op, sum_of

total_f32 = op(
    "float total_f32(const float *x, size_t n)",
    inputs="x[n]",
    reference=lambda x: x.sum(),
    passes=[sum_of("total", lambda x: x, roundings=0), each("return", lambda total: total, roundings=0)],
    suites={"short": [*every(0, 33), 1000]},
)
