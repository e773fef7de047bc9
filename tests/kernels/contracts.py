"""Ops that only the test kernels need: their contracts permit, or require, what the bundled ones do not."""

import numpy as np

from harness.contract import around, around_lanes, dominant, each, every, exact, normal, op, sum_of

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

# The same, and nothing but the nearest half will do.
PACKED = {"inputs": "x[len]", "outputs": "out[len]", "pattern": normal(), "reference": lambda x: x}
PACKED_SUITES = {"boundary": SIZES, "residues": around_lanes([1, 2, 4, 8], -1, 1), "sensitivity": every(1, 33)}

pack_exact_f16 = op(
    "void pack_exact_f16(_Float16 *out, const float *x, size_t len)", **PACKED, tolerance=exact(), suites=PACKED_SUITES
)

pack_any_f16 = op(
    "void pack_any_f16(_Float16 *out, const float *x, size_t len)",
    **PACKED,
    tolerance=exact(ties="any"),
    suites=PACKED_SUITES,
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
    pattern=dominant(1.0, 2.0, signed=False),
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
    pattern=dominant(1.0, 2.0, signed=False, scale_exponents=(-20, 20)),
    suites={"boundary": SIZES, "residues": around_lanes([1, 2, 4, 8], -1, 1)},
)

# More than the registers hold on any target, and none as long as a register. Their sums are exact.
NARROW_INTEGERS = {
    "a": [3, 255],
    "b": [-2, 300],
    "c": [1, 0],
    "d": [-5, 100],
    "e": [7, 65535],
    "f": [-9, 70000],
    "g": [11, 80000],
    "h": [0, 1],
    "i": [-1, 127],
}
NARROW_FLOATS = {name: [0.5 + rank, -2.0 * rank] for rank, name in enumerate("pqrstuvwyz")}


def weighed(x, a, b, c, d, e, f, g, h, i, p, q, r, s, t, u, v, w, y, z):
    """Every argument counts."""
    return x * (a + b + c + d + e + f + g + h + i + p + q + r + s + t + u + v + w + y + z)


weigh_f32 = op(
    "void weigh_f32(float *out, const float *x, size_t len, uint8_t a, int16_t b, bool c, int8_t d, uint16_t e, "
    "int32_t f, uint32_t g, bool h, int8_t i, float p, float q, double r, float s, float t, float u, float v, float w, "
    "float y, double z)",
    inputs="x[len]",
    outputs="out[len]",
    scalars={**NARROW_INTEGERS, **NARROW_FLOATS},
    reference=weighed,
    passes=[each("out", weighed, roundings=1)],
    suites={"boundary": SIZES},
)

weigh_by_three_f32 = op(
    "void weigh_by_three_f32(float *out, const float *x, float a, int32_t len, float b, int8_t c)",
    inputs="x[len]",
    outputs="out[len]",
    scalars={"a": [0.5, -8.0], "b": [1.5, 3.0], "c": [-3, 100]},
    reference=lambda x, a, b, c: x * (a + b + c),
    passes=[each("out", lambda x, a, b, c: x * (a + b + c), roundings=1)],
    suites={"boundary": SIZES},
    waived={"gate": "plain C, which uses AVX2 where the compiler likes to"},
)
