"""A row times a number."""

from harness.contract import each, normal, op, standard

scale_f32 = op(
    "void scale_f32(float *out, const float *x, size_t len, float a)",
    inputs="x[len]",
    outputs="out[len]",
    scalars={"a": [1.5, -3.0]},
    reference=lambda x, a: a * x,
    passes=[each("out", lambda x, a: a * x, roundings=1)],
    in_place=[("out", "x")],
    suites=standard(sensitivity=normal((0, 2))),
)
