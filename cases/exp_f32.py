"""Exponential function, element by element: infinite from 88.73 on, subnormal below -87.34, 0 below -103.98.

Underflow is gradual: a kernel that flushes subnormal results to zero is not within this contract.
"""

import numpy as np

from harness.contract import dominant, each, normal, op, rows, standard

exp_f32 = op(
    "void exp_f32(float *out, const float *x, size_t len)",
    inputs="x[len]",
    outputs="out[len]",
    reference=np.exp,
    # What vector libraries promise of their faster variants: 4 ULP.
    passes=[each("out", np.exp, roundings=8)],
    pattern=normal(scale_exponents=(-2, 4)),
    ranges={"out": (0.0, np.inf)},
    in_place=[("out", "x")],
    suites=standard(sensitivity=normal((-1, 2)), special=["largest", "-largest"])
    | {
        "overflow": rows(normal((4, 6)), [33, 1000, 4096]),
        # Subnormal results: whoever flushes them to zero is off by far more than their few steps of tolerance.
        "underflow": rows(dominant(-104.0, -87.0, signed=False), [33, 255]),
    },
)
