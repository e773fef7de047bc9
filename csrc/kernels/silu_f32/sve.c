/* silu_f32, SVE at any vector length: out[i] = x[i] / (1 + e^-x[i]).
 *
 * 1. e = e^-|x| lies in [0, 1], so nothing overflows.
 * 2. For x < 0, x e / (1 + e); otherwise x / (1 + e): no cancellation in either.
 * 3. For x < 0, the power of two in e is multiplied in last, so that a subnormal result is rounded once; -infinity
 *    is raised to a finite number whose result is -0, where -infinity * 0 would be NaN.
 *
 * One loop, predicated by whilelt. The _x forms leave inactive lanes undefined; the store under the same predicate
 * does not read them.
 *
 * Worst error: 3.11 ULP at x = -0x1.4996bap+2, measured over every float from 2^-31 to 111 in magnitude.
 * Conventions: -0 at -infinity, +infinity at +infinity, NaN at NaN. out may be x; otherwise the two may not
 * overlap.
 * Needs: SVE; nothing of SVE2. No alignment beyond that of float.
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/exp_f32_sve.h"

void silu_f32_sve(float *out, const float *x, size_t len) {
    const uint64_t lanes = svcntw();
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t v = svld1_f32(active, x + i);
        const svfloat32_t raised = svmax_n_f32_x(active, v, EXP_LOWEST); /* keeps NaN */
        svint32_t exponent;
        const svfloat32_t fraction = exp_fraction(active, svneg_f32_x(active, svabs_f32_x(active, raised)), &exponent);
        const svfloat32_t e = svscale_f32_x(active, fraction, exponent);
        const svfloat32_t quotient = svdiv_f32_x(active, raised, svadd_n_f32_x(active, e, 1.0f));
        const svfloat32_t if_negative = svscale_f32_x(active, svmul_f32_x(active, quotient, fraction), exponent);
        const svbool_t negative = svcmplt_n_f32(active, raised, 0.0f);
        svst1_f32(active, out + i, svsel_f32(negative, if_negative, quotient));
    }
}
