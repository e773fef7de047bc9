"""Softmax of one row, in place: e**row / sum(e**row)."""

import numpy as np

from harness.contract import BEYOND_16_BITS, MORE_SIZES, dominant, each, max_of, normal, op, standard, sum_of


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
        # x - m rounds once, which e**x turns into |x - m| roundings; 4 are for the exponential.
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
    suites=standard(
        MORE_SIZES,
        BEYOND_16_BITS,
        # Dominant elements share the sum about equally; e**-200 is zero in float32.
        sensitivity=dominant(0.0, 0.5, background=-200.0, signed=False),
        subset=1024,
        special=["largest", "-largest"],
        # e**-120, which is what the zeros come to, is zero in float32.
        huge=dominant(120.0, 120.5, signed=False),
    ),
)
