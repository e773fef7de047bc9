"""C += A B, the rows of all three apart by distances of their own."""

import numpy as np

from harness.contract import around_lanes, dominant, each, op, pairwise, sum_of

STRIDES = {"lda": "k", "ldb": "n", "ldc": "n"}

gemm_f32 = op(
    "void gemm_f32(int32_t m, int32_t n, int32_t k, const float *a, int32_t lda, const float *b, int32_t ldb, "
    "float *c, int32_t ldc)",
    inputs="a[m, k : lda], b[k, n : ldb]",
    inout="c[m, n : ldc]",
    reference=lambda a, b, c: c + a @ b,
    passes=[
        # What was in C is a term like any other: kernels begin with it, or add it last.
        sum_of("ab", lambda a, b, c: np.concatenate([c[:, None, :], a[:, :, None] * b], axis=1), axis=1),
        each("c", lambda ab: ab, roundings=0),
    ],
    suites={
        "boundary": pairwise(m=[0, 1, 3], n=[1, *around_lanes([1, 2], -1, 1)], k=[0, 1, 2, 7, 16], strides=STRIDES),
        "sensitivity": pairwise(dominant(1.0, 2.0), m=[1, 3], n=[2, 9], k=[1, 2, 7], strides=STRIDES),
    },
)
