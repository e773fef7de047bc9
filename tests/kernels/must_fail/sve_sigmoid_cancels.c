/* Cancellation: the negative side is computed as 1 - sigmoid(|x|).
 *
 * The absolute error stays below u, the relative one does not: at x = -10 three digits are left, below -17 none.
 *
 * 1 - sigmoid(|x|) for negative x: a comparison by absolute error does not see it.
 *
 * KERNEL: op = "sigmoid_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../csrc/kernels/common/exp_f32_sve.h"

void sve_sigmoid_cancels(float *out, const float *x, size_t len) {
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t v = svld1_f32(active, x + i);
        const svfloat32_t e = exp_nonpositive(active, svneg_f32_x(active, svabs_f32_x(active, v)));
        const svfloat32_t upper = svdivr_n_f32_x(active, svadd_n_f32_x(active, e, 1.0f), 1.0f);
        const svfloat32_t lower = svsubr_n_f32_x(active, upper, 1.0f);
        svst1_f32(active, out + i, svsel_f32(svcmplt_n_f32(active, v, 0.0f), lower, upper));
    }
}
