/* dot_bf16, RVV at any vector length: the sum of x[i] * y[i] of bfloat16, added up and returned in float.
 *
 * 1. A bfloat16 is the upper half of a float: elements are extended to 32 bits and moved up there, which takes nothing
 *    of Zvfbfmin. One accumulator of eight registers, strip-mined by vsetvl.
 * 2. vl may be less than the processor could do, in the last two strips of any row, so the accumulation leaves the
 *    elements behind vl undisturbed (_tu): they keep what they have summed.
 * 3. Add up across all elements of the accumulator, in any order.
 *
 * Rounding (u = 2^-24): products are exact; each addition rounds once, in chains of n / (8 * lanes) terms.
 * Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum.
 * Needs: V, or Zve32f. No alignment beyond that of two bytes.
 */
#include <riscv_vector.h>
#include <stddef.h>
#include <stdint.h>

enum { HALF_BITS = 16 };

static inline vfloat32m8_t load_brain(const uint16_t *x, size_t vl) {
    const vuint32m8_t wide = __riscv_vzext_vf2_u32m8(__riscv_vle16_v_u16m4(x, vl), vl);
    return __riscv_vreinterpret_v_u32m8_f32m8(__riscv_vsll_vx_u32m8(wide, HALF_BITS, vl));
}

float dot_bf16_rvv(const uint16_t *x, const uint16_t *y, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m8();
    vfloat32m8_t sums = __riscv_vfmv_v_f_f32m8(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl, x += vl, y += vl) {
        vl = __riscv_vsetvl_e16m4(len); /* as many elements as e32, m8 */
        sums = __riscv_vfmacc_vv_f32m8_tu(sums, load_brain(x, vl), load_brain(y, vl), vl);
    }

    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m8_f32m1(sums, zero, lanes));
}
