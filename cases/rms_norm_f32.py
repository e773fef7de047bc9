"""Root-mean-square normalisation of one row, in place: row[i] / sqrt(mean(row**2) + eps)."""

import numpy as np

from harness.contract import (
    BEYOND_16_BITS,
    around,
    around_lanes,
    dominant,
    dominant_subsets,
    each,
    every,
    every_residue,
    normal,
    op,
    single_dominant,
    standard,
    sum_of,
    zeros,
)

# Hidden sizes of common language models, each with every tail residue of a 4-lane block on both sides.
HIDDEN_SIZES = [768, 1024, 2048, 3072, 4096, 5120, 8192]
BOUNDARY = [*every(1, 33), *around(HIDDEN_SIZES, -4, 4), 8192, 16384, 32768]

DOMINANT = dominant(1.0, 2.0, scale_exponents=(-7, -7))
# Larger, so that the mean square of a row with one dominant element is still far above eps.
ALONE = dominant(1.0, 2.0, scale_exponents=(4, 4))

rms_norm_f32 = op(
    "void rms_norm_f32(float *row, size_t len, float eps)",
    inout="row[len]",
    # Two values, so that a kernel with a constant of its own in place of the argument is seen.
    scalars={"eps": [1e-5, 1e-6]},
    reference=lambda row, eps: row / np.sqrt(np.mean(row * row) + eps),
    passes=[
        sum_of("energy", lambda row: row * row, roundings=1),
        # Division by len and addition of eps count half behind the square root (1), then root (1), reciprocal (1) and
        # product (1): 4. Another 4 pay for a reciprocal square root by estimate and two Newton steps.
        each("row", lambda row, energy, len, eps: row / np.sqrt(energy / len + eps), roundings=8),
    ],
    # The mean square is of the order of eps, so that eps matters, and the norm is far from 1, so that an element
    # that is never stored differs from one that is.
    pattern=normal(scale_exponents=(-9, -5)),
    suites=standard(
        BOUNDARY,
        BEYOND_16_BITS,
        sensitivity=DOMINANT,
        special=["largest", "-largest", "square-overflows", "square-underflows"],
        # Enough that the mean square of so long a row is far above eps.
        huge=dominant(1.0, 2.0, scale_exponents=(10, 10)),
    )
    | {
        # The 100 cases of the pull request that this matrix comes from: 33 + 63 + 3 + 1.
        # It names 9 tail residues and a zero row; that they are -4..4 and 1024 long is our choice.
        "boundary": [*BOUNDARY, zeros(1024)],
        # 1..33 never completes one unrolled iteration of a wide vector; these follow the width of the run.
        "residues": around_lanes([1, 2, 4, 8], -1, 1),
        # Every residue of an unrolled iteration, nothing at all, and counts that 16 bits do not hold.
        "counts": [0, *every_residue(), *BEYOND_16_BITS],
        "sensitivity": [
            *dominant_subsets(DOMINANT, BOUNDARY),
            *single_dominant(ALONE, [*(size for size in BOUNDARY if size > 4096), *BEYOND_16_BITS]),
        ],
    },
)
