"""y += a * x."""

from harness.contract import BEYOND_16_BITS, MORE_SIZES, each, op, standard

axpy_f32 = op(
    "void axpy_f32(float *y, const float *x, size_t len, float a)",
    inout="y[len]",
    inputs="x[len]",
    scalars={"a": [1.5, -3.0]},
    reference=lambda y, x, a: y + a * x,
    passes=[
        # Relative to both terms, since they may cancel: the product (1, none where it is fused) and the sum (1).
        each("y", lambda y, x, a: y + a * x, roundings=2, magnitude=lambda y, x, a: abs(y) + abs(a * x)),
    ],
    suites=standard(MORE_SIZES, BEYOND_16_BITS),
)
