"""Exponential function, element by element: infinite from 88.73 on, subnormal below -87.34, 0 below -103.98.

Underflow is gradual: a kernel that flushes subnormal results to zero is not within this contract.
"""

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


def exp(x):
    """By numpy, whose own function has no signature to take arguments by name."""
    return np.exp(x)


SIZES = [*every(1, 33), *around([256, 1024], -2, 2), 4096]


exp_f32 = op(
    "void exp_f32(float *out, const float *x, size_t len)",
    inputs="x[len]",
    outputs="out[len]",
    reference=exp,
    passes=[
        # 4 ULP, what vector libraries promise of their faster variants.
        each("out", exp, roundings=8),
    ],
    pattern=normal(scale_exponents=(-2, 4)),
    ranges={"out": (0.0, np.inf)},
    in_place=[("out", "x")],
    suites={
        "boundary": [0, *SIZES, zeros(1024), 65537],
        "residues": [*around_lanes([1, 2, 4, 8], -1, 1), *every_residue()],
        "visible": rows(normal((-1, 2)), [*SIZES, 65537]),
        "special": [
            *rows(normal((4, 6)), [33, 1000, 4096]),
            # Subnormal results: whoever flushes them to zero is off by far more than their few steps of tolerance.
            *rows(loud(-104.0, -87.0, signed=False), [33, 255]),
            *special_values(
                ["nan", "-nan", "snan", "inf", "-inf", "zero", "-zero", "subnormal", "-subnormal", "smallest"]
            ),
            *special_values(["largest", "-largest"]),
        ],
        "placement": placements(in_place=True),
        # Beyond 31 and 32 bits of a byte count; an index of 31 bits would need 8 GiB of memory.
        "huge": [sparse(loud(1.0, 2.0), size) for size in (2**29 + 3, 2**30 + 5)],
    },
)
