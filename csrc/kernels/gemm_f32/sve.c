/* gemm_f32, SVE at any vector length: C = A B, with A of m x k, B of k x n and C of m x n, their rows lda, ldb and ldc
 * apart.
 *
 * A tile of C is four rows by two vectors of columns, in eight accumulators: per step along k two vectors of B and four
 * elements of A feed eight multiply-adds. Columns are predicated by whilelt, in loads of B and stores of C alike; the
 * _x forms leave inactive lanes undefined, which no store reads. What lies between rows is neither read nor written.
 *
 * Rounding (u = 2^-24): a fused multiply-add per term, in the order of k. C is 0 where k is.
 * Needs: SVE; nothing of SVE2. No alignment beyond that of float.
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

enum { ROWS = 4 };

/* Four rows by two vectors; p0 and p1 say which columns there are. */
static void tile(uint64_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, svbool_t p0,
                 svbool_t p1) {
    const uint64_t lanes = svcntw();
    svfloat32_t c00 = svdup_n_f32(0.0f), c10 = c00, c20 = c00, c30 = c00;
    svfloat32_t c01 = c00, c11 = c00, c21 = c00, c31 = c00;
    for (uint64_t p = 0; p < k; p++) {
        const svfloat32_t b0 = svld1_f32(p0, b + p * ldb);
        const svfloat32_t b1 = svld1_f32(p1, b + p * ldb + lanes);
        const float a0 = a[p], a1 = a[lda + p], a2 = a[2 * lda + p], a3 = a[3 * lda + p];
        c00 = svmla_n_f32_x(p0, c00, b0, a0);
        c10 = svmla_n_f32_x(p0, c10, b0, a1);
        c20 = svmla_n_f32_x(p0, c20, b0, a2);
        c30 = svmla_n_f32_x(p0, c30, b0, a3);
        c01 = svmla_n_f32_x(p1, c01, b1, a0);
        c11 = svmla_n_f32_x(p1, c11, b1, a1);
        c21 = svmla_n_f32_x(p1, c21, b1, a2);
        c31 = svmla_n_f32_x(p1, c31, b1, a3);
    }
    svst1_f32(p0, c, c00);
    svst1_f32(p0, c + ldc, c10);
    svst1_f32(p0, c + 2 * ldc, c20);
    svst1_f32(p0, c + 3 * ldc, c30);
    svst1_f32(p1, c + lanes, c01);
    svst1_f32(p1, c + ldc + lanes, c11);
    svst1_f32(p1, c + 2 * ldc + lanes, c21);
    svst1_f32(p1, c + 3 * ldc + lanes, c31);
}

static void one_row(uint64_t k, const float *a, const float *b, size_t ldb, float *c, svbool_t p0, svbool_t p1) {
    const uint64_t lanes = svcntw();
    svfloat32_t c0 = svdup_n_f32(0.0f), c1 = c0;
    for (uint64_t p = 0; p < k; p++) {
        c0 = svmla_n_f32_x(p0, c0, svld1_f32(p0, b + p * ldb), a[p]);
        c1 = svmla_n_f32_x(p1, c1, svld1_f32(p1, b + p * ldb + lanes), a[p]);
    }
    svst1_f32(p0, c, c0);
    svst1_f32(p1, c + lanes, c1);
}

void gemm_f32_sve(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                  size_t ldc) {
    const uint64_t lanes = svcntw();
    for (uint64_t j = 0; j < n; j += 2 * lanes) {
        const svbool_t p0 = svwhilelt_b32_u64(j, n);
        const svbool_t p1 = svwhilelt_b32_u64(j + lanes, n);
        size_t i = 0;
        for (; m - i >= ROWS; i += ROWS)
            tile(k, a + i * lda, lda, b + j, ldb, c + i * ldc + j, ldc, p0, p1);
        for (; i < m; i++)
            one_row(k, a + i * lda, b + j, ldb, c + i * ldc + j, p0, p1);
    }
}
