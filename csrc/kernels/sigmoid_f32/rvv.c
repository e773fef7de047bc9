/* sigmoid_f32, RVV at any vector length: out[i] = 1 / (1 + e^-x[i]).
 *
 * 1. e = e^-|x| lies in [0, 1], so nothing overflows.
 * 2. For x < 0, e / (1 + e); otherwise 1 / (1 + e). Both stay within [0, 1] after rounding, and neither cancels.
 *
 * One loop, strip-mined by vsetvl; whatever vl the processor grants is what the pointers move on by.
 *
 * Worst error: 2.41 ULP at x = -0x1.0a111ap+2, measured over every float from 2^-31 to 111 in magnitude.
 * Conventions: 0 at -infinity, 1 at +infinity, NaN at NaN. out may be x; otherwise the two may not overlap.
 * Needs: V, or Zve32f. No alignment beyond that of float.
 */
#include <riscv_vector.h>
#include <stddef.h>

#include "../common/exp_f32_rvv.h"

void sigmoid_f32_rvv(float *out, const float *x, size_t len) {
    for (size_t vl; len > 0; len -= vl, x += vl, out += vl) {
        vl = __riscv_vsetvl_e32m2(len);
        const vfloat32m2_t v = __riscv_vle32_v_f32m2(x, vl);
        const vfloat32m2_t e = exp_nonpositive(__riscv_vfsgnj_vf_f32m2(v, -1.0f, vl), vl); /* of -|v| */
        const vbool16_t negative = __riscv_vmflt_vf_f32m2_b16(v, 0.0f, vl);
        const vfloat32m2_t numerator = __riscv_vmerge_vvm_f32m2(__riscv_vfmv_v_f_f32m2(1.0f, vl), e, negative, vl);
        const vfloat32m2_t denominator = __riscv_vfadd_vf_f32m2(e, 1.0f, vl);
        __riscv_vse32_v_f32m2(out, __riscv_vfdiv_vv_f32m2(numerator, denominator, vl), vl);
    }
}
