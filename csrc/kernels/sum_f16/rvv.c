/* sum_f16, RVV at any vector length: the sum of a row in half precision, added up and returned in float.
 *
 * 1. One accumulator of four registers, strip-mined by vsetvl. Halves are widened as in f16_rvv.h, by integer
 *    operations and a product: the target need not have Zvfhmin.
 * 2. vl may be less than the processor could do, in the last two strips of any row, so the accumulation leaves the
 *    elements behind vl undisturbed (_tu): they keep what they have summed.
 * 3. Add up across all elements of the accumulator, in any order.
 *
 * Rounding (u = 2^-24): widening is exact; each addition rounds once, in chains of n / (4 * lanes) terms.
 * Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum.
 * Needs: V, or Zve32f. No alignment beyond that of two bytes.
 */
#include <riscv_vector.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/f16_rvv.h"

float sum_f16_rvv(const uint16_t *x, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m4();
    vfloat32m4_t sums = __riscv_vfmv_v_f_f32m4(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl, x += vl) {
        vl = __riscv_vsetvl_e16m2(len); /* as many elements as e32, m4 */
        sums = __riscv_vfadd_vv_f32m4_tu(sums, sums, f16_widen(__riscv_vle16_v_u16m2(x, vl), vl), vl);
    }

    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m4_f32m1(sums, zero, lanes));
}
