"""y += a * x in half precision, computed in float or in half precision.

The error model allows both: a product and a sum, each rounded to half precision.
"""

from harness.contract import (
    around,
    around_lanes,
    each,
    every,
    every_residue,
    normal,
    op,
    placements,
    rows,
    special_values,
    zeros,
)

SIZES = [*every(1, 33), *around([256, 1024], -2, 2), 4096]


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
    suites={
        "boundary": [0, *SIZES, zeros(1024), 65537],
        "residues": [*around_lanes([1, 2, 4, 8], -1, 1), *every_residue()],
        # Several rows of each size: halves of bell-shaped values are often near their neighbours.
        "visible": [*rows(normal(), SIZES)] * 6,
        "special": [
            *special_values(["nan", "-nan", "snan", "inf", "-inf", "zero", "-zero", "smallest"]),
            # A float holds every half as a normal number; half-precision arithmetic may have been set to flush.
            *special_values(["subnormal", "-subnormal", "largest-subnormal", "-largest-subnormal"]),
        ],
        "placement": placements(2),
    },
)
