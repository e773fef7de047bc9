/* Off by one: the loop predicate compares with the index of the last element instead of the count, so the last
 * element is neither summed nor scaled.
 *
 * Shows at every size, as an unscaled last element. A test that compares sums with a loose tolerance on long rows
 * does not see it.
 *
 * whilelt takes an exclusive bound; code ported from an inclusive loop passes len - 1.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

void sve_whilelt_off_by_one(float *row, size_t len, float eps) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len - 1);
        const svfloat32_t x = svld1_f32(active, row + i);
        sum = svmla_f32_m(active, sum, x, x);
    }

    const float mean = svaddv_f32(all, sum) / (float)len;
    const svfloat32_t scale = svdivr_n_f32_x(all, svsqrt_f32_x(all, svdup_n_f32(mean + eps)), 1.0f);

    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len - 1);
        svst1_f32(active, row + i, svmul_f32_x(active, svld1_f32(active, row + i), scale));
    }
}
