"""Softmax of one row, in place: e**row / sum(e**row)."""

import numpy as np

from harness.contract import (
    around,
    around_lanes,
    each,
    every,
    every_residue,
    loud,
    loud_subsets,
    max_of,
    normal,
    op,
    placements,
    sparse,
    special_values,
    structured,
    sum_of,
    zeros,
)

SIZES = [*every(1, 33), *around([256, 1024, 4096], -4, 4), 8192, 32768]


def softmax(row):
    """The formula, shifted by the largest element: e**x itself overflows in float64 too."""
    if row.size == 0:
        return row
    powers = np.exp(row - np.max(row))
    return powers / np.sum(powers)


softmax_f32 = op(
    "void softmax_f32(float *row, size_t len)",
    inout="row[len]",
    reference=softmax,
    passes=[
        max_of("largest", lambda row: row, matters=False),
        # x - m rounds once, which e**x turns into |x - m| unit roundoffs; 4 (2 ULP) are for the exponential.
        sum_of(
            "total",
            lambda row, largest: np.exp(row - largest),
            roundings=lambda row, largest: 4 + abs(np.maximum(row - largest, -200)),
        ),
        # The same, a reciprocal (1) and a product (1).
        each(
            "row",
            lambda row, largest, total: np.exp(row - largest) / total,
            roundings=lambda row, largest: 6 + abs(np.maximum(row - largest, -200)),
        ),
    ],
    pattern=normal(scale_exponents=(0, 3)),
    ranges={"row": (0.0, 1.0)},
    suites={
        "boundary": [0, *SIZES, zeros(1024)],
        "residues": [*around_lanes([1, 2, 4, 8], -1, 1), *every_residue()],
        # Loud elements share the sum about equally; e**-200 is zero in float32.
        "visible": loud_subsets(loud(0.0, 0.5, quiet=-200.0, signed=False), SIZES, most=1024),
        "long": loud_subsets(loud(0.0, 0.5, quiet=-200.0, signed=False), [65535, 65536, 65537], most=1024),
        "special": [
            *special_values(
                ["nan", "-nan", "snan", "inf", "-inf", "zero", "-zero", "subnormal", "largest", "-largest"]
            ),
            *structured([255, 4097]),
        ],
        "placement": placements(),
        # Beyond 31 and 32 bits of a byte count; an index of 31 bits would need 8 GiB of memory. e**-120, which is what
        # the zeros come to, is zero in float32.
        "huge": [sparse(loud(120.0, 120.5, signed=False), size) for size in (2**29 + 3, 2**30 + 5)],
    },
)
