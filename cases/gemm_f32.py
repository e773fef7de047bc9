"""Matrix times matrix: C = A B, the rows of A, B and C lda, ldb and ldc elements apart."""

from harness.contract import around_lanes, dominant, each, op, pairwise, standard, sum_of

STRIDES = {"lda": "k", "ldb": "n", "ldc": "n"}
DEPTHS = [1, 2, 3, 4, 5, 8, 33, 100]
PROVING = pairwise(dominant(1.0, 2.0), m=[1, 2, 5], n=[1, 3, 8, 17], k=DEPTHS, strides=STRIDES)

gemm_f32 = op(
    "void gemm_f32(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, "
    "float *c, size_t ldc)",
    inputs="a[m, k : lda], b[k, n : ldb]",
    outputs="c[m, n : ldc]",
    reference=lambda a, b: a @ b,
    passes=[
        sum_of("ab", lambda a, b: a[:, :, None] * b, axis=1),
        each("c", lambda ab: ab, roundings=0),
    ],
    suites=standard(
        {"m": [0, 1, 2, 3, 4, 5, 9], "n": [0, 1, 2, 3, 7, 15, 16, 17, 33], "k": [0, *DEPTHS]},
        at=[
            {"m": 5, "n": 37, "k": 9, "lda": 11, "ldb": 41, "ldc": 38},
            {"m": 4, "n": 16, "k": 3, "lda": 3, "ldb": 16, "ldc": 16},
        ],
    )
    | {
        "residues": pairwise(m=[1, 4, 7], n=around_lanes([1, 2, 4], -1, 1), k=[1, 5], strides=STRIDES),
        # Two products of each size, since neighbours of one may be nearly equal.
        "sensitivity": PROVING * 2,
    },
)
