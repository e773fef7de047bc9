/* Denominator from stale lanes: masked-off lanes are loaded as zeros, and e^(0 - max) is added to the sum for each
 * of them.
 *
 * Nothing is undefined here, every lane is just not what it should be. Small where the maximum is large.
 *
 * The padding lanes of the last vector enter the softmax denominator as e^(0 - max).
 *
 * KERNEL: op = "softmax_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <arm_sve.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../csrc/kernels/common/exp_f32_sve.h"

void sve_softmax_stale_lanes(float *row, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t max = svdup_n_f32(-INFINITY);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        max = svmax_f32_m(active, max, svld1_f32(active, row + i));
    }
    const float largest = svmaxv_f32(all, max);

    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t e = exp_nonpositive(all, svsub_n_f32_x(all, svld1_f32(active, row + i), largest));
        svst1_f32(active, row + i, e);
        sum = svadd_f32_x(all, sum, e);
    }

    const float scale = 1.0f / svaddv_f32(all, sum);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svst1_f32(active, row + i, svmul_n_f32_x(active, svld1_f32(active, row + i), scale));
    }
}
