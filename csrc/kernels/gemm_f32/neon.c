/* gemm_f32, Advanced SIMD: C = A B, with A of m x k, B of k x n and C of m x n, their rows lda, ldb and ldc apart.
 *
 * A tile of C is four rows by two vectors of columns, in eight accumulators: per step along k two vectors of B and four
 * elements of A feed eight multiply-adds. Columns and rows that are left are computed row by row, a vector of columns
 * at a time, and then single columns. What lies between rows is neither read nor written.
 *
 * Rounding (u = 2^-24): a fused multiply-add per term, in the order of k. C is 0 where k is.
 * Needs: the AArch64 base architecture. No alignment beyond that of float.
 */
#include <arm_neon.h>
#include <stddef.h>

enum { LANES = 4, ROWS = 4, COLUMNS = 2 * LANES };

static inline void store_two(float *c, float32x4_t low, float32x4_t high) {
    vst1q_f32(c, low);
    vst1q_f32(c + LANES, high);
}

/* Four rows by two vectors. */
static inline void tile(size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc) {
    float32x4_t c00 = vdupq_n_f32(0.0f), c10 = c00, c20 = c00, c30 = c00;
    float32x4_t c01 = c00, c11 = c00, c21 = c00, c31 = c00;
    for (size_t p = 0; p < k; p++) {
        const float32x4_t b0 = vld1q_f32(b + p * ldb);
        const float32x4_t b1 = vld1q_f32(b + p * ldb + LANES);
        const float a0 = a[p], a1 = a[lda + p], a2 = a[2 * lda + p], a3 = a[3 * lda + p];
        c00 = vfmaq_n_f32(c00, b0, a0);
        c10 = vfmaq_n_f32(c10, b0, a1);
        c20 = vfmaq_n_f32(c20, b0, a2);
        c30 = vfmaq_n_f32(c30, b0, a3);
        c01 = vfmaq_n_f32(c01, b1, a0);
        c11 = vfmaq_n_f32(c11, b1, a1);
        c21 = vfmaq_n_f32(c21, b1, a2);
        c31 = vfmaq_n_f32(c31, b1, a3);
    }
    store_two(c, c00, c01);
    store_two(c + ldc, c10, c11);
    store_two(c + 2 * ldc, c20, c21);
    store_two(c + 3 * ldc, c30, c31);
}

/* Columns 0 to n of one row. */
static inline void one_row(size_t n, size_t k, const float *a, const float *b, size_t ldb, float *c) {
    size_t j = 0;
    for (; n - j >= LANES; j += LANES) {
        float32x4_t sum = vdupq_n_f32(0.0f);
        for (size_t p = 0; p < k; p++)
            sum = vfmaq_n_f32(sum, vld1q_f32(b + p * ldb + j), a[p]);
        vst1q_f32(c + j, sum);
    }
    for (; j < n; j++) {
        float32x4_t sum = vdupq_n_f32(0.0f);
        for (size_t p = 0; p < k; p++)
            sum = vfmaq_n_f32(sum, vld1q_dup_f32(b + p * ldb + j), a[p]);
        vst1q_lane_f32(c + j, sum, 0);
    }
}

void gemm_f32_neon(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                   size_t ldc) {
    size_t i = 0;
    for (; m - i >= ROWS; i += ROWS) {
        size_t j = 0;
        for (; n - j >= COLUMNS; j += COLUMNS)
            tile(k, a + i * lda, lda, b + j, ldb, c + i * ldc + j, ldc);
        for (size_t row = i; row < i + ROWS; row++)
            one_row(n - j, k, a + row * lda, b + j, ldb, c + row * ldc + j);
    }
    for (; i < m; i++)
        one_row(n, k, a + i * lda, b, ldb, c + i * ldc);
}
