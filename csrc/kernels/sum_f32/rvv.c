/* sum_f32, RVV at any vector length: the sum of x.
 *
 * 1. One accumulator of eight registers (LMUL 8): its additions are independent of each other, which keeps the adder
 *    busy without unrolling.
 * 2. Strips of whatever vl the processor chooses. Accumulation is tail-undisturbed (_tu): lanes that a short strip
 *    leaves out keep what they have summed. A tail-agnostic addition may fill them with ones.
 * 3. Add across lanes, in any order (vfredusum).
 *
 * Rounding (u = 2^-24): each addition rounds once, in chains of n / lanes terms and then across the lanes; the error is
 * bounded by u times the length of the chain times the sum of |x[i]|, and is near the square root of that for signs
 * at random. The order of the terms is not that of the row, so whether an intermediate sum overflows may differ from a
 * sequential sum.
 *
 * Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum.
 * Needs: V, or Zve32f. No alignment beyond that of float.
 */
#include <riscv_vector.h>
#include <stddef.h>

float sum_f32_rvv(const float *x, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m8();
    vfloat32m8_t sums = __riscv_vfmv_v_f_f32m8(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl, x += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        sums = __riscv_vfadd_vv_f32m8_tu(sums, sums, __riscv_vle32_v_f32m8(x, vl), vl);
    }

    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m8_f32m1(sums, zero, lanes));
}
