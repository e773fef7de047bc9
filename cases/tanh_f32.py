"""Hyperbolic tangent, element by element."""

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


def tanh(x):
    """By numpy, whose own function has no signature to take arguments by name."""
    return np.tanh(x)


SIZES = [*every(1, 33), *around([256, 1024], -2, 2), 4096]


tanh_f32 = op(
    "void tanh_f32(float *out, const float *x, size_t len)",
    inputs="x[len]",
    outputs="out[len]",
    reference=tanh,
    passes=[
        # 4 ULP, also near zero, where the result is small: an exponential less 1 (2 ULP), a sum and a quotient.
        each("out", tanh, roundings=8),
    ],
    # Where neighbours differ; far out, where the result is 1, is in the suite "special".
    pattern=normal(scale_exponents=(-12, 0)),
    ranges={"out": (-1.0, 1.0)},
    in_place=[("out", "x")],
    suites={
        "boundary": [0, *SIZES, zeros(1024), 65537],
        "residues": [*around_lanes([1, 2, 4, 8], -1, 1), *every_residue()],
        "visible": rows(normal((-2, 0)), [*SIZES, 65537]),
        "special": [
            *rows(normal((1, 6)), [33, 1000, 4096]),
            *special_values(
                ["nan", "-nan", "snan", "inf", "-inf", "zero", "-zero", "subnormal", "-subnormal", "smallest"]
            ),
            *special_values(["largest", "-largest", "largest-subnormal", "-largest-subnormal"]),
        ],
        "placement": placements(in_place=True),
        # Beyond 31 and 32 bits of a byte count; an index of 31 bits would need 8 GiB of memory.
        "huge": [sparse(loud(1.0, 2.0), size) for size in (2**29 + 3, 2**30 + 5)],
    },
)
