/* gemv_f32, Advanced SIMD: y = A x, with A of m rows of n elements, lda apart.
 *
 * Four rows at a time, an accumulator each, so that a vector of x is loaded once for all four and four multiply-adds
 * are in flight. Pairwise additions turn the four accumulators into a vector of the four sums, to which the residue of
 * up to three columns is added, a column of four elements at a time. Rows that are left have two accumulators, and a
 * scalar tail.
 *
 * Rounding (u = 2^-24): a fused multiply-add per term, in chains of n / 4 terms. y is 0 where n is.
 * Needs: the AArch64 base architecture. No alignment beyond that of float.
 */
#include <arm_neon.h>
#include <stddef.h>

enum { LANES = 4, ROWS = 4, BLOCK = 2 * LANES };

static inline float32x4_t four_rows(size_t n, const float *a, size_t lda, const float *x) {
    const float *const a1 = a + lda, *const a2 = a + 2 * lda, *const a3 = a + 3 * lda;
    float32x4_t sum0 = vdupq_n_f32(0.0f), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t j = 0;
    for (; n - j >= LANES; j += LANES) {
        const float32x4_t v = vld1q_f32(x + j);
        sum0 = vfmaq_f32(sum0, vld1q_f32(a + j), v);
        sum1 = vfmaq_f32(sum1, vld1q_f32(a1 + j), v);
        sum2 = vfmaq_f32(sum2, vld1q_f32(a2 + j), v);
        sum3 = vfmaq_f32(sum3, vld1q_f32(a3 + j), v);
    }
    float32x4_t sums = vpaddq_f32(vpaddq_f32(sum0, sum1), vpaddq_f32(sum2, sum3));
    for (; j < n; j++) {
        float32x4_t column = vld1q_dup_f32(a + j);
        column = vld1q_lane_f32(a1 + j, column, 1);
        column = vld1q_lane_f32(a2 + j, column, 2);
        column = vld1q_lane_f32(a3 + j, column, 3);
        sums = vfmaq_n_f32(sums, column, x[j]);
    }
    return sums;
}

static inline float one_row(size_t n, const float *a, const float *x) {
    float32x4_t sum0 = vdupq_n_f32(0.0f), sum1 = sum0;
    size_t j = 0;
    for (; n - j >= BLOCK; j += BLOCK) {
        sum0 = vfmaq_f32(sum0, vld1q_f32(a + j), vld1q_f32(x + j));
        sum1 = vfmaq_f32(sum1, vld1q_f32(a + j + LANES), vld1q_f32(x + j + LANES));
    }
    float tail = 0.0f;
    for (; j < n; j++)
        tail += a[j] * x[j];
    return vaddvq_f32(vaddq_f32(sum0, sum1)) + tail;
}

void gemv_f32_neon(size_t m, size_t n, const float *a, size_t lda, const float *x, float *y) {
    size_t i = 0;
    for (; m - i >= ROWS; i += ROWS)
        vst1q_f32(y + i, four_rows(n, a + i * lda, lda, x));
    for (; i < m; i++)
        y[i] = one_row(n, a + i * lda, x);
}
