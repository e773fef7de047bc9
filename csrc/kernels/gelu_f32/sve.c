/* gelu_f32, SVE at any vector length: GELU in its tanh form, x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
 *
 * 1. x (1 + tanh u) / 2 = x / (1 + e^-v) with u = sqrt(2 / pi) (x + 0.044715 x^3) and v = 2 u. e = e^-|v| lies in
 *    [0, 1], so nothing overflows.
 * 2. For x < 0, x e / (1 + e); otherwise x / (1 + e): no cancellation in either.
 * 3. For x < 0, the power of two in e is multiplied in last, so that a subnormal result is rounded once; -infinity is
 *    raised to -12, where the result is -0 already.
 *
 * One loop, predicated by whilelt. The _x forms leave inactive lanes undefined; the store under the same predicate does
 * not read them.
 *
 * Worst error: 13.75 ULP for |x| < 3, at -0x1.7dc60ap+1, and 215 ULP at -0x1.4150cp+3, where v is -88: the roundings of
 * v, relative to it, are those of e^-v times |v|. Measured over every float from 2^-31 to 100 in magnitude.
 * Conventions: -0 at -infinity, +infinity at +infinity, NaN at NaN. out may be x; otherwise the two may not
 * overlap.
 * Needs: SVE; nothing of SVE2. No alignment beyond that of float.
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/exp_f32_sve.h"
#include "../common/streaming.h"

#define GELU_LOWEST (-12.0f)
#define GELU_LINEAR 1.595769122f  /* 2 sqrt(2 / pi) */
#define GELU_CUBIC 0.07135481628f /* 0.044715 times that */

static inline svfloat32_t evaluate(svbool_t active, svfloat32_t x) STREAMING {
    const svfloat32_t raised = svmax_n_f32_x(active, x, GELU_LOWEST); /* keeps NaN */
    const svfloat32_t square = svmul_f32_x(active, raised, raised);
    const svfloat32_t slope = svmla_n_f32_x(active, svdup_n_f32(GELU_LINEAR), square, GELU_CUBIC);
    const svfloat32_t v = svmul_f32_x(active, raised, slope);
    svint32_t exponent;
    const svfloat32_t fraction = exp_fraction(active, svneg_f32_x(active, svabs_f32_x(active, v)), &exponent);
    const svfloat32_t e = svscale_f32_x(active, fraction, exponent);
    const svfloat32_t quotient = svdiv_f32_x(active, raised, svadd_n_f32_x(active, e, 1.0f));
    const svfloat32_t if_negative = svscale_f32_x(active, svmul_f32_x(active, quotient, fraction), exponent);
    return svsel_f32(svcmplt_n_f32(active, raised, 0.0f), if_negative, quotient);
}

void gelu_f32_sve(float *out, const float *x, size_t len) {
    const uint64_t lanes = svcntw();
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svst1_f32(active, out + i, evaluate(active, svld1_f32(active, x + i)));
    }
}
