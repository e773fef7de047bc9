"""Ops that only the siblings need: their contracts permit, or require, what the bundled ones do not."""

import numpy as np

from harness.contract import around, around_lanes, each, every, loud, normal, op, sum_of

SIZES = [0, *every(1, 33), *around([256, 1024], -4, 4), 4096]

# The widest vector has 64 lanes, and a row may end behind the first of them.
PADDING_ELEMENTS = 63

padded_sum_f32 = op(
    "float padded_sum_f32(const float *x, size_t len)",
    inputs="x[len]",
    over_read={"x": PADDING_ELEMENTS},
    reference=lambda x: x.sum(),
    passes=[
        sum_of("total", lambda x: x, roundings=0),
        each("return", lambda total: total, roundings=0),
    ],
    suites={"boundary": SIZES, "residues": around_lanes([1, 2, 4, 8], -1, 1)},
)

# One rounding to 11 bits, in units of one to 24 bits.
HALF_ROUNDING = 2**13

pack_f16 = op(
    "void pack_f16(_Float16 *out, const float *x, size_t len)",
    inputs="x[len]",
    outputs="out[len]",
    reference=lambda x: x,
    passes=[each("out", lambda x: x, roundings=HALF_ROUNDING)],
    pattern=normal(),
    suites={"boundary": SIZES, "residues": around_lanes([1, 2, 4, 8], -1, 1)},
)

truncated_sum_f32 = op(
    "float truncated_sum_f32(const float *x, size_t len)",
    inputs="x[len]",
    rounding="directed",
    reference=lambda x: x.sum(),
    passes=[
        sum_of("total", lambda x: x, roundings=0),
        each("return", lambda total: total, roundings=0),
    ],
    pattern=loud(1.0, 2.0, signed=False),
    suites={"boundary": SIZES, "residues": around_lanes([1, 2, 4, 8], -1, 1)},
)

# The estimate has 8 bits (Arm ARM, FRSQRTE): half a unit of those, in units of one to 24 bits, and then some.
ESTIMATE_ROUNDING = 2**16

rsqrt_estimate_f32 = op(
    "void rsqrt_estimate_f32(float *out, const float *x, size_t len)",
    inputs="x[len]",
    outputs="out[len]",
    reference=lambda x: 1 / np.sqrt(x),
    passes=[each("out", lambda x: 1 / np.sqrt(x), roundings=ESTIMATE_ROUNDING)],
    pattern=loud(1.0, 2.0, signed=False, scale_exponents=(-20, 20)),
    suites={"boundary": SIZES, "residues": around_lanes([1, 2, 4, 8], -1, 1)},
)
