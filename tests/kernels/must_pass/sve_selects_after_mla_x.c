/* Right although the tail accumulates with svmla_f32_x under a partial predicate: the selection takes only the
 * active lanes of the result.
 *
 * KERNEL: op = "rms_norm_f32"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

void sve_selects_after_mla_x(float *row, size_t len, float eps) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t x = svld1_f32(active, row + i);
        sum = svsel_f32(active, svmla_f32_x(active, sum, x, x), sum);
    }

    const float mean = svaddv_f32(all, sum) / (float)len;
    const svfloat32_t scale = svdivr_n_f32_x(all, svsqrt_f32_x(all, svdup_n_f32(mean + eps)), 1.0f);

    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svst1_f32(active, row + i, svmul_f32_x(active, svld1_f32(active, row + i), scale));
    }
}
