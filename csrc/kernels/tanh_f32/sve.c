/* tanh_f32, SVE at any vector length: out[i] = tanh(x[i]).
 *
 * 1. With e = e^(-2|x|) - 1 in (-1, 0], tanh|x| = -e / (2 + e): nothing cancels, also near 0. The sign of x is put
 *    back.
 * 2. -2|x| = n ln 2 + r; e = 2^n (e^r - 1) + (2^n - 1), in which e^r - 1 is a polynomial without its 1, and 2^n - 1 is
 *    exact: for n = 0 the sum is e^r - 1 itself. Constants: exp_f32_constants.h.
 * 3. |x| is cut at 10, from where on the result is 1.
 *
 * One loop, predicated by whilelt. The _x forms leave inactive lanes undefined; the store under the same predicate does
 * not read them.
 *
 * Worst error: 2.50 ULP at x = -0x1.205368p+2, measured over every float from 2^-31 to 100 in magnitude.
 * Conventions: -1 and 1 at the infinities, NaN at NaN. out may be x; otherwise the two may not overlap.
 * Needs: SVE; nothing of SVE2. No alignment beyond that of float.
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/exp_f32_sve.h"
#include "../common/streaming.h"

#define TANH_IS_ONE 10.0f

static inline svfloat32_t evaluate(svbool_t active, svfloat32_t x) STREAMING {
    const svfloat32_t magnitude = svmin_n_f32_x(active, svabs_f32_x(active, x), TANH_IS_ONE); /* keeps NaN */
    svfloat32_t n;
    const svfloat32_t minus_one = exp_reduced_minus_one(active, svmul_n_f32_x(active, magnitude, -2.0f), &n);
    const svfloat32_t power = svscale_f32_x(active, svdup_n_f32(1.0f), svcvt_s32_f32_x(active, n));
    const svfloat32_t e = svmla_f32_x(active, svsub_n_f32_x(active, power, 1.0f), power, minus_one);
    const svfloat32_t result = svdiv_f32_x(active, svneg_f32_x(active, e), svadd_n_f32_x(active, e, 2.0f));
    const svuint32_t sign = svand_n_u32_x(active, svreinterpret_u32_f32(x), 0x80000000u);
    return svreinterpret_f32_u32(svorr_u32_x(active, svreinterpret_u32_f32(svabs_f32_x(active, result)), sign));
}

void tanh_f32_sve(float *out, const float *x, size_t len) {
    const uint64_t lanes = svcntw();
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svst1_f32(active, out + i, evaluate(active, svld1_f32(active, x + i)));
    }
}
