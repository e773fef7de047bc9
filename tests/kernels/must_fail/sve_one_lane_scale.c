/* Undefined lanes consumed: root and reciprocal are taken in the first lane only, to spare the divider, and the
 * result is used in all lanes without svdup_lane_f32.
 *
 * May pass by luck where the compiler widens the predicate.
 *
 * Computed under one lane with _x, used in all: the other lanes are undefined.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: builds = ["hostile"]
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

void sve_one_lane_scale(float *row, size_t len, float eps) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t x = svld1_f32(active, row + i);
        sum = svmla_f32_m(active, sum, x, x);
    }

    const float mean = svaddv_f32(all, sum) / (float)len;
    const svbool_t first = svptrue_pat_b32(SV_VL1);
    const svfloat32_t scale = svdivr_n_f32_x(first, svsqrt_f32_x(first, svdup_n_f32(mean + eps)), 1.0f);

    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svst1_f32(active, row + i, svmul_f32_x(active, svld1_f32(active, row + i), scale));
    }
}
