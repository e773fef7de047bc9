"""Matrix times vector: y = A x, the rows of A lda elements apart."""

from harness.contract import around_lanes, dominant, each, every, op, pairwise, standard, sum_of

ROWS = [1, 2, 3, 4, 5, 9]
STRIDES = {"lda": "n"}

gemv_f32 = op(
    "void gemv_f32(size_t m, size_t n, const float *a, size_t lda, const float *x, float *y)",
    inputs="a[m, n : lda], x[n]",
    outputs="y[m]",
    reference=lambda a, x: a @ x,
    passes=[
        sum_of("ax", lambda a, x: a * x, axis=1),
        each("y", lambda ax: ax, roundings=0),
    ],
    suites=standard(
        {"m": [0, *ROWS], "n": [0, *every(1, 9), 31, 32, 33, 100, 1000]},
        at=[{"m": 5, "n": 37, "lda": 41}, {"m": 4, "n": 8, "lda": 8}, {"m": 1, "n": 9, "lda": 9}],
    )
    | {
        "residues": pairwise(m=[1, 4, 7], n=around_lanes([1, 2, 4, 8], -1, 1), strides=STRIDES),
        # Two rows of each size, since neighbours of one may be nearly equal.
        "sensitivity": pairwise(dominant(1.0, 2.0), m=ROWS, n=[*every(1, 9), 33, 63], strides=STRIDES) * 2,
    },
)
