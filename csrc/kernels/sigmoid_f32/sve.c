/* sigmoid_f32, SVE at any vector length: out[i] = 1 / (1 + e^-x[i]).
 *
 * 1. e = e^-|x| lies in [0, 1], so nothing overflows.
 * 2. For x < 0, e / (1 + e); otherwise 1 / (1 + e). Both stay within [0, 1] after rounding, and neither cancels.
 *
 * One loop, predicated by whilelt. The _x forms leave inactive lanes undefined; the store under the same predicate
 * does not read them.
 *
 * Worst error: 2.41 ULP at x = -0x1.0a111ap+2, measured over every float from 2^-31 to 111 in magnitude.
 * Conventions: 0 at -infinity, 1 at +infinity, NaN at NaN. out may be x; otherwise the two may not overlap.
 * Needs: SVE; nothing of SVE2. No alignment beyond that of float.
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/exp_f32_sve.h"

void sigmoid_f32_sve(float *out, const float *x, size_t len) {
    const uint64_t lanes = svcntw();
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t v = svld1_f32(active, x + i);
        const svfloat32_t e = exp_nonpositive(active, svneg_f32_x(active, svabs_f32_x(active, v)));
        const svbool_t negative = svcmplt_n_f32(active, v, 0.0f);
        const svfloat32_t numerator = svsel_f32(negative, e, svdup_n_f32(1.0f));
        const svfloat32_t denominator = svadd_n_f32_x(active, e, 1.0f);
        svst1_f32(active, out + i, svdiv_f32_x(active, numerator, denominator));
    }
}
