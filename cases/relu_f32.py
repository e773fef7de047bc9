"""A row without what is negative in it: the larger of x and 0; NaN at NaN."""

import numpy as np

from harness.contract import SIZES, dominant, each, normal, op, rows, standard

relu_f32 = op(
    "void relu_f32(float *out, const float *x, size_t len)",
    inputs="x[len]",
    outputs="out[len]",
    reference=lambda x: np.maximum(x, 0),
    passes=[each("out", lambda x: np.maximum(x, 0), roundings=0)],
    # A NaN passes, and neither zero is negative.
    ranges={"out": (0.0, np.inf)},
    in_place=[("out", "x")],
    # What is negative is zero in the result, like all of a sparse row that does not dominate.
    suites=standard(huge=dominant(1.0, 2.0, signed=False))
    # Of positive rows every element shows; of negative elements, that they do not.
    | {"sensitivity": [*rows(dominant(1.0, 2.0, signed=False), [*SIZES, 65537]), *rows(normal(), SIZES)]},
)
