/* gemv_f32, RVV at any vector length: y = A x, with A of m rows of n elements, lda apart.
 *
 * Four rows at a time, an accumulator each, so that elements of x are loaded once for all four. In groups of two
 * registers: the accumulators take eight, and x and the four rows, which compilers load ahead of all multiply-adds,
 * ten; groups of four would not fit. Columns are strip-mined by vsetvl. vl may be less than the processor could do, in
 * the last two strips of any row, so accumulation leaves the elements behind vl undisturbed (_tu): those take part in
 * the reduction. What lies between rows is not read.
 *
 * Rounding (u = 2^-24): a fused multiply-add per term, in chains of n / (2 * lanes) terms, then across the elements in
 * any order. y is 0 where n is.
 * Needs: V, or Zve32f. No alignment beyond that of float.
 */
#include <riscv_vector.h>
#include <stddef.h>

enum { ROWS = 4 };

/* Of all elements of an accumulator. */
static inline float reduce_add(vfloat32m2_t sums) {
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m2_f32m1(sums, zero, __riscv_vsetvlmax_e32m2()));
}

static inline void four_rows(size_t n, const float *a, size_t lda, const float *x, float *y) {
    vfloat32m2_t sum0 = __riscv_vfmv_v_f_f32m2(0.0f, __riscv_vsetvlmax_e32m2());
    vfloat32m2_t sum1 = sum0, sum2 = sum0, sum3 = sum0;
    for (size_t vl; n > 0; n -= vl, a += vl, x += vl) {
        vl = __riscv_vsetvl_e32m2(n);
        const vfloat32m2_t v = __riscv_vle32_v_f32m2(x, vl);
        sum0 = __riscv_vfmacc_vv_f32m2_tu(sum0, __riscv_vle32_v_f32m2(a, vl), v, vl);
        sum1 = __riscv_vfmacc_vv_f32m2_tu(sum1, __riscv_vle32_v_f32m2(a + lda, vl), v, vl);
        sum2 = __riscv_vfmacc_vv_f32m2_tu(sum2, __riscv_vle32_v_f32m2(a + 2 * lda, vl), v, vl);
        sum3 = __riscv_vfmacc_vv_f32m2_tu(sum3, __riscv_vle32_v_f32m2(a + 3 * lda, vl), v, vl);
    }
    y[0] = reduce_add(sum0);
    y[1] = reduce_add(sum1);
    y[2] = reduce_add(sum2);
    y[3] = reduce_add(sum3);
}

static inline float one_row(size_t n, const float *a, const float *x) {
    vfloat32m2_t sum = __riscv_vfmv_v_f_f32m2(0.0f, __riscv_vsetvlmax_e32m2());
    for (size_t vl; n > 0; n -= vl, a += vl, x += vl) {
        vl = __riscv_vsetvl_e32m2(n);
        sum = __riscv_vfmacc_vv_f32m2_tu(sum, __riscv_vle32_v_f32m2(a, vl), __riscv_vle32_v_f32m2(x, vl), vl);
    }
    return reduce_add(sum);
}

void gemv_f32_rvv(size_t m, size_t n, const float *a, size_t lda, const float *x, float *y) {
    size_t i = 0;
    for (; m - i >= ROWS; i += ROWS)
        four_rows(n, a + i * lda, lda, x, y + i);
    for (; i < m; i++)
        y[i] = one_row(n, a + i * lda, x);
}
