"""Root-mean-square normalisation of one row, in place: row[i] / sqrt(mean(row**2) + eps)."""

import numpy as np

from harness.contract import (
    around,
    around_lanes,
    each,
    every,
    every_residue,
    loud,
    loud_subsets,
    normal,
    op,
    placements,
    single_loud,
    sparse,
    special_values,
    structured,
    sum_of,
    zeros,
)

# Hidden sizes of common language models, each with every tail residue of a 4-lane block on both sides.
HIDDEN_SIZES = [768, 1024, 2048, 3072, 4096, 5120, 8192]

LOUD = loud(1.0, 2.0, scale_exponents=(-7, -7))
# Larger, so that the mean square of a row with one loud element is still far above eps.
ALONE = loud(1.0, 2.0, scale_exponents=(4, 4))
BOUNDARY = [*every(1, 33), *around(HIDDEN_SIZES, -4, 4), 8192, 16384, 32768]

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
    suites={
        # The 100 cases of the pull request that this matrix comes from: 33 + 63 + 3 + 1.
        # It names 9 tail residues and a zero row; that they are -4..4 and 1024 long is our choice.
        "boundary": [*BOUNDARY, zeros(1024)],
        # 1..33 never completes one unrolled iteration of a wide vector; these follow the width of the run.
        "residues": around_lanes([1, 2, 4, 8], -1, 1),
        # Every residue of an unrolled iteration, nothing at all, and counts that 16 bits do not hold.
        "counts": [0, *every_residue(), 65535, 65536, 65537],
        "visible": [
            *loud_subsets(LOUD, BOUNDARY),
            *single_loud(ALONE, [*(size for size in BOUNDARY if size > 4096), 65535, 65536, 65537]),
        ],
        "long": loud_subsets(LOUD, [65535, 65536, 65537]),
        "special": [
            *special_values(
                ["nan", "-nan", "snan", "inf", "-inf", "zero", "-zero", "subnormal", "-subnormal", "smallest"]
            ),
            *special_values(["largest", "-largest", "square-overflows", "square-underflows"]),
            *structured([255, 4097]),
        ],
        "placement": placements(),
        # Beyond 31 and 32 bits of a byte count; an index of 31 bits would need 8 GiB of memory. Loud enough that the
        # mean square of so long a row is far above eps.
        "huge": [sparse(loud(1.0, 2.0, scale_exponents=(10, 10)), size) for size in (2**29 + 3, 2**30 + 5)],
    },
)
