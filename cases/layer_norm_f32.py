"""Layer normalisation of one row, in place: (row - mean) / sqrt(variance + eps) * gamma + beta.

The variance is that of the population, from the deviations: a kernel that takes it from the mean square and the squared
mean, which cancel, is not within this contract.
"""

import numpy as np

from harness.contract import SIZES, dominant, each, normal, op, rows, standard, sum_of


def layer_norm(row, gamma, beta, eps):
    """The formula; nothing of an empty row."""
    if row.size == 0:
        return row
    return (row - row.mean()) / np.sqrt(row.var() + eps) * gamma + beta


def normal_of(row, total, energy, count, eps):
    """The row before gamma and beta."""
    return (row - total / np.float64(count)) / np.sqrt(energy / np.float64(count) + eps)


layer_norm_f32 = op(
    "void layer_norm_f32(float *row, const float *gamma, const float *beta, size_t len, float eps)",
    inout="row[len]",
    inputs="gamma[len], beta[len]",
    scalars={"eps": [1e-5, 1e-6]},
    reference=layer_norm,
    passes=[
        # The mean's own rounding (1), after the division.
        sum_of("total", lambda row: row, roundings=1),
        # The difference (1), twice in the square, and the product (1). What the mean is off by comes in through the
        # total, and only squared: deviations from the right mean add up to zero (Higham, Accuracy and Stability of
        # Numerical Algorithms, 2nd ed., section 1.9, on the two-pass formula).
        sum_of("energy", lambda row, total, len: (row - total / np.float64(len)) ** 2, roundings=3),
        # The mean (1) and the difference (1), the mean square and eps (1/2 each), the root (1), the reciprocal (1), the
        # products (2) and the sum (1); relative to both terms, since they may cancel.
        each(
            "row",
            lambda row, gamma, beta, total, energy, len, eps: normal_of(row, total, energy, len, eps) * gamma + beta,
            roundings=8,
            magnitude=lambda row, gamma, beta, total, energy, len, eps: (
                abs(normal_of(abs(row) + abs(total / np.float64(len)), 0, energy, len, eps) * gamma) + abs(beta)
            ),
        ),
    ],
    pattern=normal(scale_exponents=(-4, 2)),
    suites=standard(
        # The deviations of background elements are the mean, all of them: their squares' errors add up. Weights are
        # dominant throughout: where the row is background, only the mean is left, which shows what its sum lost.
        sensitivity=dominant(1.0, 2.0, directed=True, buffers=["row"]),
        subset=128,
    )
    .without("long", because="subsets of 128 elements would be 512 rows of 65,537")
    .without("huge", because="in float32 no sum of 2**29 equal squares, those of the mean, has a right digit")
    | {
        # Mean squares of 10^6 and variances of 1/12: their difference has no digits left.
        "offset": rows(dominant(1000.0, 1001.0, signed=False), [7, 33, 255, 1024]),
        "counts": rows(normal((-9, -7)), [*SIZES, 1000]),
    },
)
