"""Ops that only the siblings need: their contracts permit, or require, what the bundled ones do not."""

from harness.contract import around, around_lanes, each, every, normal, op, sum_of

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
