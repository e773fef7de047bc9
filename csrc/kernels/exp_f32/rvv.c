/* exp_f32, RVV at any vector length: out[i] = e^x[i].
 *
 * 1. x is cut at 89.5, beyond which the result is infinite anyway.
 * 2. e^x = fraction * 2^n, see exp_f32_constants.h. The power of two is multiplied in last, so that a subnormal result
 *    is rounded once, and one that is too large becomes infinite.
 *
 * One loop, strip-mined by vsetvl; whatever vl the processor grants is what the pointers move on by.
 *
 * Worst error: 1.014 ULP at x = 0x1.2e3aa8p+5, and 0.75 units of the last place of a subnormal result, at
 * -0x1.601a64p+6, measured over every float from 2^-31 to 120 in magnitude in the AVX-512 version, with which this one
 * agrees bit for bit (compared at every 131st float).
 * Conventions: +0 at -infinity, +infinity at +infinity, NaN at NaN. out may be x; otherwise the two may not overlap.
 * Needs: V, or Zve32f. No alignment beyond that of float.
 */
#include <riscv_vector.h>
#include <stddef.h>

#include "../common/exp_f32_rvv.h"

/* From 88.73 on, the result is infinite. */
#define EXP_HIGHEST 89.5f

/* The comparison is false for a NaN, which vfmin would drop. */
static inline vfloat32m2_t evaluate(vfloat32m2_t x, size_t vl) {
    const vbool16_t beyond = __riscv_vmfgt_vf_f32m2_b16(x, EXP_HIGHEST, vl);
    vint32m2_t exponent;
    const vfloat32m2_t fraction = exp_fraction(__riscv_vfmerge_vfm_f32m2(x, EXP_HIGHEST, beyond, vl), &exponent, vl);
    return scale_by_power(fraction, exponent, vl);
}

void exp_f32_rvv(float *out, const float *x, size_t len) {
    for (size_t vl; len > 0; len -= vl, x += vl, out += vl) {
        vl = __riscv_vsetvl_e32m2(len);
        __riscv_vse32_v_f32m2(out, evaluate(__riscv_vle32_v_f32m2(x, vl), vl), vl);
    }
}
