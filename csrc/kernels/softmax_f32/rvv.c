/* softmax_f32, RVV at any vector length: row[i] = e^row[i] / sum(e^row), in place.
 *
 * 1. The largest element m: e^(x - m) is at most 1 and cannot overflow. vfmax skips NaNs; the second pass does not.
 * 2. Replace each x by e^(x - m), and sum them.
 * 3. Multiply by the reciprocal of the sum, which is at least 1.
 *
 * Each pass is one loop, strip-mined by vsetvl. vl may be less than the processor could do, in the last two strips of
 * any row, so maxima and sums leave the elements behind vl undisturbed (_tu): those take part in the reduction.
 *
 * Rounding (u = 2^-24): x - m rounds once, which e^x turns into up to |x - m| u of relative error; the exponential
 * (1.01 ULP); the sum, of non-negative terms; u each from reciprocal and product. Results lie within [0, 1], and
 * underflow gradually.
 * Conventions: an empty row is left alone. A NaN or +infinity anywhere, or -infinity everywhere, makes the whole
 * row NaN, as the formula does; -infinity among finite elements gives 0.
 * Needs: V, or Zve32f. No alignment beyond that of float.
 */
#include <math.h>
#include <riscv_vector.h>
#include <stddef.h>

#include "../common/exp_f32_rvv.h"

static inline float largest_of(const float *row, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m8();
    vfloat32m8_t maxima = __riscv_vfmv_v_f_f32m8(-INFINITY, lanes);
    for (size_t vl; len > 0; len -= vl, row += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        maxima = __riscv_vfmax_vv_f32m8_tu(maxima, maxima, __riscv_vle32_v_f32m8(row, vl), vl);
    }
    const vfloat32m1_t least = __riscv_vfmv_s_f_f32m1(-INFINITY, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredmax_vs_f32m8_f32m1(maxima, least, lanes));
}

/* Replaces each x by e^(x - largest) and returns their sum. */
static inline float exponentiate(float *row, size_t len, float largest) {
    const size_t lanes = __riscv_vsetvlmax_e32m2();
    vfloat32m2_t sums = __riscv_vfmv_v_f_f32m2(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl, row += vl) {
        vl = __riscv_vsetvl_e32m2(len);
        const vfloat32m2_t shifted = __riscv_vfsub_vf_f32m2(__riscv_vle32_v_f32m2(row, vl), largest, vl);
        const vfloat32m2_t e = exp_nonpositive(shifted, vl);
        __riscv_vse32_v_f32m2(row, e, vl);
        sums = __riscv_vfadd_vv_f32m2_tu(sums, sums, e, vl);
    }
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m2_f32m1(sums, zero, lanes));
}

void softmax_f32_rvv(float *row, size_t len) {
    const float scale = 1.0f / exponentiate(row, len, largest_of(row, len));
    for (size_t vl; len > 0; len -= vl, row += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        __riscv_vse32_v_f32m8(row, __riscv_vfmul_vf_f32m8(__riscv_vle32_v_f32m8(row, vl), scale, vl), vl);
    }
}
