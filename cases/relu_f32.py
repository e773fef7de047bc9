"""A row without what is negative in it: the larger of x and 0; NaN at NaN."""

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

SIZES = [*every(1, 33), *around([256, 1024], -2, 2), 4096]


relu_f32 = op(
    "void relu_f32(float *out, const float *x, size_t len)",
    inputs="x[len]",
    outputs="out[len]",
    reference=lambda x: np.maximum(x, 0),
    passes=[each("out", lambda x: np.maximum(x, 0), roundings=0)],
    # A NaN passes, and neither zero is negative.
    ranges={"out": (0.0, np.inf)},
    in_place=[("out", "x")],
    suites={
        "boundary": [0, *SIZES, zeros(1024), 65537],
        "residues": [*around_lanes([1, 2, 4, 8], -1, 1), *every_residue()],
        "visible": [*rows(loud(1.0, 2.0, signed=False), [*SIZES, 65537]), *rows(normal(), SIZES)],
        "special": [
            *special_values(
                ["nan", "-nan", "snan", "inf", "-inf", "zero", "-zero", "subnormal", "-subnormal", "smallest"]
            ),
            *special_values(["largest-subnormal", "-largest-subnormal"]),
        ],
        "placement": placements(in_place=True),
        # Beyond 31 and 32 bits of a byte count; an index of 31 bits would need 8 GiB of memory.
        "huge": [sparse(loud(1.0, 2.0), size) for size in (2**29 + 3, 2**30 + 5)],
    },
)
