/* Special value: x * sigmoid(x) at -infinity is -infinity * 0, a NaN, where the limit is 0. In the subnormal range
 * the result has only the digits that e^x has left there.
 *
 * Every finite argument above -87 is right.
 *
 * silu(-infinity) = -infinity * 0 = NaN: only the infinity shows it.
 *
 * It takes special values to show.
 *
 * KERNEL: op = "silu_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: rule = "fails exactly where an element is -infinity"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../csrc/kernels/common/exp_f32_sve.h"

void sve_silu_nan_at_infinity(float *out, const float *x, size_t len) {
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t v = svld1_f32(active, x + i);
        const svfloat32_t e = exp_nonpositive(active, svneg_f32_x(active, svabs_f32_x(active, v)));
        const svbool_t negative = svcmplt_n_f32(active, v, 0.0f);
        const svfloat32_t numerator = svsel_f32(negative, e, svdup_n_f32(1.0f));
        const svfloat32_t sigmoid = svdiv_f32_x(active, numerator, svadd_n_f32_x(active, e, 1.0f));
        svst1_f32(active, out + i, svmul_f32_x(active, v, sigmoid));
    }
}
