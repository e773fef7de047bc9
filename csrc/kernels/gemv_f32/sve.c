/* gemv_f32, SVE at any vector length: y = A x, with A of m rows of n elements, lda apart.
 *
 * Four rows at a time, an accumulator each, so that a vector of x is loaded once for all four and four multiply-adds
 * are in flight. Columns are predicated by whilelt; accumulation merges (_m), so that inactive lanes keep their sum.
 *
 * Rounding (u = 2^-24): a fused multiply-add per term, in chains of n / lanes terms. y is 0 where n is.
 * Needs: SVE; nothing of SVE2. No alignment beyond that of float.
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/streaming.h"

enum { ROWS = 4 };

static inline void four_rows(uint64_t n, const float *a, size_t lda, const float *x, float *y) STREAMING {
    const uint64_t lanes = svcntw();
    svfloat32_t sum0 = svdup_n_f32(0.0f), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    for (uint64_t j = 0; j < n; j += lanes) {
        const svbool_t active = svwhilelt_b32_u64(j, n);
        const svfloat32_t v = svld1_f32(active, x + j);
        sum0 = svmla_f32_m(active, sum0, svld1_f32(active, a + j), v);
        sum1 = svmla_f32_m(active, sum1, svld1_f32(active, a + lda + j), v);
        sum2 = svmla_f32_m(active, sum2, svld1_f32(active, a + 2 * lda + j), v);
        sum3 = svmla_f32_m(active, sum3, svld1_f32(active, a + 3 * lda + j), v);
    }
    const svbool_t all = svptrue_b32();
    y[0] = svaddv_f32(all, sum0);
    y[1] = svaddv_f32(all, sum1);
    y[2] = svaddv_f32(all, sum2);
    y[3] = svaddv_f32(all, sum3);
}

static inline float one_row(uint64_t n, const float *a, const float *x) STREAMING {
    const uint64_t lanes = svcntw();
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t j = 0; j < n; j += lanes) {
        const svbool_t active = svwhilelt_b32_u64(j, n);
        sum = svmla_f32_m(active, sum, svld1_f32(active, a + j), svld1_f32(active, x + j));
    }
    return svaddv_f32(svptrue_b32(), sum);
}

void gemv_f32_sve(size_t m, size_t n, const float *a, size_t lda, const float *x, float *y) {
    size_t i = 0;
    for (; m - i >= ROWS; i += ROWS)
        four_rows(n, a + i * lda, lda, x, y + i);
    for (; i < m; i++)
        y[i] = one_row(n, a + i * lda, x);
}
