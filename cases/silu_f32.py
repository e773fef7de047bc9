"""Sigmoid linear unit, element by element: x / (1 + e**-x)."""

import numpy as np

from harness.contract import (
    around,
    around_lanes,
    each,
    every,
    every_residue,
    loud,
    normal,
    op,
    placements,
    rows,
    sparse,
    special_values,
    zeros,
)

SIZES = [*every(1, 33), *around([256, 1024, 4096], -4, 4), 8192, 32768]

# Where e**-x overflows, from x = -88.7 down, the formula as it is written comes to -0 in float32, and not to something
# below 89 * 2**-128: that is no defect. Below this, 12 roundings are taken relative to it, which makes 192 * 2**-128.
UNDERFLOW = 2.0**-100


def silu(x):
    """The formula; its limit at minus infinity is -0, where the quotient itself is -infinity / infinity."""
    return np.where(x == -np.inf, -0.0, x / (1 + np.exp(-x)))


silu_f32 = op(
    "void silu_f32(float *out, const float *x, size_t len)",
    inputs="x[len]",
    outputs="out[len]",
    reference=silu,
    passes=[
        # 6 ULP: as for the sigmoid, with a second factor of e**-x/2 and the product.
        each("out", silu, roundings=12, magnitude=lambda x: np.maximum(abs(silu(x)), UNDERFLOW)),
    ],
    # Where neighbours differ; far out, where the result saturates, is in the suite "special".
    pattern=normal(scale_exponents=(-2, 1)),
    in_place=[("out", "x")],
    suites={
        "boundary": [0, *SIZES, zeros(1024), 65535, 65536, 65537],
        "residues": [*around_lanes([1, 2, 4, 8], -1, 1), *every_residue()],
        "visible": rows(normal((-1, 1)), [*SIZES, 65535, 65536, 65537]),
        "special": [
            *rows(normal((3, 6)), [33, 100, 1000, 4096]),
            *special_values(
                [
                    "nan",
                    "-nan",
                    "snan",
                    "inf",
                    "-inf",
                    "zero",
                    "-zero",
                    "subnormal",
                    "-subnormal",
                    "smallest",
                    "largest",
                    "-largest",
                ]
            ),
        ],
        "placement": placements(in_place=True),
        # Beyond 31 and 32 bits of a byte count; an index of 31 bits would need 8 GiB of memory.
        "huge": [sparse(loud(1.0, 2.0), size) for size in (2**29 + 3, 2**30 + 5)],
    },
)
