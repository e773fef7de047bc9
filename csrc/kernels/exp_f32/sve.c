/* exp_f32, SVE at any vector length: out[i] = e^x[i].
 *
 * 1. x is cut at 89.5, beyond which the result is infinite anyway.
 * 2. e^x = fraction * 2^n, see exp_f32_constants.h. The power of two is multiplied in last, so that a subnormal result
 *    is rounded once, and one that is too large becomes infinite.
 *
 * One loop, predicated by whilelt. The _x forms leave inactive lanes undefined; the store under the same predicate does
 * not read them.
 *
 * Worst error: 1.01 ULP at x = 0x1.2e3aa8p+5, measured over every float from 2^-31 to 120 in magnitude.
 * Conventions: +0 at -infinity, +infinity at +infinity, NaN at NaN. out may be x; otherwise the two may not
 * overlap.
 * Needs: SVE; nothing of SVE2. No alignment beyond that of float.
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/exp_f32_sve.h"
#include "../common/streaming.h"

/* From 88.73 on, the result is infinite. */
#define EXP_HIGHEST 89.5f

static inline svfloat32_t evaluate(svbool_t active, svfloat32_t x) STREAMING {
    svint32_t exponent;
    const svfloat32_t fraction = exp_fraction(active, svmin_n_f32_x(active, x, EXP_HIGHEST), &exponent); /* keeps NaN */
    return svscale_f32_x(active, fraction, exponent);
}

void exp_f32_sve(float *out, const float *x, size_t len) {
    const uint64_t lanes = svcntw();
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svst1_f32(active, out + i, evaluate(active, svld1_f32(active, x + i)));
    }
}
