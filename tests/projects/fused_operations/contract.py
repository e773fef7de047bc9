"""A row through a chain of operations: scaled, shifted, and clamped from below."""

import numpy as np

from harness.contract import around_lanes, each, every, op

chain_f32 = op(
    "void chain_f32(const float *x, float *out, size_t n, float scale, float shift)",
    inputs="x[n]",
    outputs="out[n]",
    scalars={"scale": [0.5, -3.0], "shift": [0.25, 2.0]},
    reference=lambda x, scale, shift: np.maximum(scale * x + shift, 0),
    passes=[
        each(
            "out",
            lambda x, scale, shift: np.maximum(scale * x + shift, 0),
            roundings=2,
            magnitude=lambda x, scale, shift: np.abs(scale * x) + np.abs(shift),
        )
    ],
    suites={"short": [*every(0, 20), *around_lanes([1, 4], -1, 1)]},
)
