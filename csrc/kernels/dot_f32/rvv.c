/* dot_f32, RVV at any vector length: the sum of x[i] * y[i].
 *
 * 1. One accumulator of eight registers, strip-mined by vsetvl, so that eight additions are in flight.
 * 2. The residue goes through the same loop. vl may be less than the processor could do, in the last two strips of
 *    any row, so the accumulation leaves the elements behind vl undisturbed (_tu): they keep what they have summed.
 * 3. Add up across all elements of the accumulator.
 *
 * Rounding (u = 2^-24): each term rounds once, in a fused multiply-add, in chains of n / (8 * lanes) terms; the
 * error is bounded by u times the length of the chain, with the reduction's, times the sum of |x[i] y[i]|, and is near
 * the square root of that for signs at random. The order of the terms is not that of the row, so whether an
 * intermediate sum overflows may differ from a sequential sum.
 *
 * Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum.
 * Needs: V, or Zve32f. No alignment beyond that of float.
 */
#include <riscv_vector.h>
#include <stddef.h>

float dot_f32_rvv(const float *x, const float *y, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m8();
    vfloat32m8_t sums = __riscv_vfmv_v_f_f32m8(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl, x += vl, y += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        sums = __riscv_vfmacc_vv_f32m8_tu(sums, __riscv_vle32_v_f32m8(x, vl), __riscv_vle32_v_f32m8(y, vl), vl);
    }

    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m8_f32m1(sums, zero, lanes));
}
