"""Scaling in place."""

from harness.contract import around, each, every, op

scale_f32 = op(
    "void scale_f32(float *x, size_t n, float a)",
    inout="x[n]",
    scalars={"a": [0.75, -3.0]},
    reference=lambda x, a: a * x,
    passes=[each("x", lambda x, a: a * x, roundings=1)],
    suites={"short": every(0, 33), "tails": [*around([256, 1024], -3, 3)]},
)
