/* silu_f32, RVV at any vector length: out[i] = x[i] / (1 + e^-x[i]).
 *
 * 1. e = e^-|x| lies in [0, 1], so nothing overflows.
 * 2. For x < 0, x e / (1 + e); otherwise x / (1 + e): no cancellation in either.
 * 3. For x < 0, the power of two in e is multiplied in last, so that a subnormal result is rounded once; -infinity
 *    is raised to a finite number whose result is -0, where -infinity * 0 would be NaN.
 *
 * One loop, strip-mined by vsetvl; whatever vl the processor grants is what the pointers move on by.
 *
 * Worst error: 3.11 ULP at x = -0x1.4996bap+2, measured over every float from 2^-31 to 111 in magnitude.
 * Conventions: -0 at -infinity, +infinity at +infinity, NaN at NaN. out may be x; otherwise the two may not
 * overlap.
 * Needs: V, or Zve32f. No alignment beyond that of float.
 */
#include <riscv_vector.h>
#include <stddef.h>

#include "../common/exp_f32_rvv.h"

void silu_f32_rvv(float *out, const float *x, size_t len) {
    for (size_t vl; len > 0; len -= vl, x += vl, out += vl) {
        vl = __riscv_vsetvl_e32m2(len);
        const vfloat32m2_t raised = exp_raise(__riscv_vle32_v_f32m2(x, vl), vl);
        vint32m2_t exponent;
        const vfloat32m2_t fraction = exp_fraction(__riscv_vfsgnj_vf_f32m2(raised, -1.0f, vl), &exponent, vl);
        const vfloat32m2_t e = scale_by_power(fraction, exponent, vl);
        const vfloat32m2_t quotient = __riscv_vfdiv_vv_f32m2(raised, __riscv_vfadd_vf_f32m2(e, 1.0f, vl), vl);
        const vfloat32m2_t if_negative = scale_by_power(__riscv_vfmul_vv_f32m2(quotient, fraction, vl), exponent, vl);
        const vbool16_t negative = __riscv_vmflt_vf_f32m2_b16(raised, 0.0f, vl);
        __riscv_vse32_v_f32m2(out, __riscv_vmerge_vvm_f32m2(quotient, if_negative, negative, vl), vl);
    }
}
