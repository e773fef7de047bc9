/* tanh_f32, RVV at any vector length: out[i] = tanh(x[i]).
 *
 * 1. With e = e^(-2|x|) - 1 in (-1, 0], tanh|x| = -e / (2 + e): nothing cancels, also near 0. The sign of x is put
 *    back.
 * 2. -2|x| = n ln 2 + r; e = 2^n (e^r - 1) + (2^n - 1), in which e^r - 1 is a polynomial without its 1, and 2^n - 1 is
 *    exact: for n = 0 the sum is e^r - 1 itself. Constants: exp_f32_constants.h.
 * 3. |x| is cut at 10, from where on the result is 1.
 *
 * One loop, strip-mined by vsetvl; whatever vl the processor grants is what the pointers move on by.
 *
 * Worst error: 2.50 ULP at x = 0x1.205368p+2, measured over every float from 2^-31 to 100 in magnitude in the AVX-512
 * version, with which this one agrees bit for bit (compared at every 131st float).
 * Conventions: -1 and 1 at the infinities, NaN at NaN. out may be x; otherwise the two may not overlap.
 * Needs: V, or Zve32f. No alignment beyond that of float.
 */
#include <riscv_vector.h>
#include <stddef.h>

#include "../common/exp_f32_rvv.h"

#define TANH_IS_ONE 10.0f

/* The comparison is false for a NaN, which vfmin would drop. */
static inline vfloat32m2_t evaluate(vfloat32m2_t x, size_t vl) {
    const vfloat32m2_t magnitude = __riscv_vfabs_v_f32m2(x, vl);
    const vbool16_t beyond = __riscv_vmfgt_vf_f32m2_b16(magnitude, TANH_IS_ONE, vl);
    const vfloat32m2_t cut = __riscv_vfmerge_vfm_f32m2(magnitude, TANH_IS_ONE, beyond, vl);
    vint32m2_t n;
    const vfloat32m2_t minus_one = exp_remainder_minus_one(__riscv_vfmul_vf_f32m2(cut, -2.0f, vl), &n, vl);
    const vfloat32m2_t power = power_of_two(n, vl);
    const vfloat32m2_t e = __riscv_vfmacc_vv_f32m2(__riscv_vfsub_vf_f32m2(power, 1.0f, vl), power, minus_one, vl);
    const vfloat32m2_t negated = __riscv_vfdiv_vv_f32m2(e, __riscv_vfadd_vf_f32m2(e, 2.0f, vl), vl);
    return __riscv_vfsgnj_vv_f32m2(negated, x, vl);
}

void tanh_f32_rvv(float *out, const float *x, size_t len) {
    for (size_t vl; len > 0; len -= vl, x += vl, out += vl) {
        vl = __riscv_vsetvl_e32m2(len);
        __riscv_vse32_v_f32m2(out, evaluate(__riscv_vle32_v_f32m2(x, vl), vl), vl);
    }
}
