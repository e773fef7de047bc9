"""y += a * x in half precision, computed in float or in half precision.

The error model allows both: a product and a sum, each rounded to half precision.
"""

from harness.contract import dominant, each, op, standard

axpy_f16 = op(
    "void axpy_f16(_Float16 *y, const _Float16 *x, size_t len, float a)",
    inout="y[len]",
    inputs="x[len]",
    scalars={"a": [1.5, -3.0]},
    reference=lambda y, x, a: y + a * x,
    passes=[
        # Relative to both terms, since they may cancel: the product (1, none where it is fused) and the sum (1).
        each("y", lambda y, x, a: y + a * x, roundings=2, magnitude=lambda y, x, a: abs(y) + abs(a * x)),
    ],
    # Of one sign: in half precision, sums of terms that cancel are hard to tell from the zeros beside them.
    suites=standard(huge=dominant(1.0, 2.0, signed=False)),
)
