/* A float argument taken for a vector of it and zeros: of z0 the caller defines the low 32 bits only.
 *
 * Right as long as the last write of z0 was a scalar one, which zeroes the rest of the whole vector.
 *
 * The same in z0, up to the vector length.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: builds = ["hostile"]
 * EXPECT: passes_in = ["plain"]
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

void sve_scalar_assumed_zero_above(float *row, size_t len, float eps) {
    svfloat32_t eps_and_zeros;
    __asm__("" : "=w"(eps_and_zeros) : "0"(eps));
    const svbool_t all = svptrue_b32();
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t x = svld1_f32(active, row + i);
        sum = svmla_f32_m(active, sum, x, x);
    }
    const svfloat32_t means = svdiv_n_f32_x(all, sum, (float)len);
    const float mean = svaddv_f32(all, svadd_f32_x(all, means, eps_and_zeros));
    const svfloat32_t scale = svdivr_n_f32_x(all, svsqrt_f32_x(all, svdup_n_f32(mean)), 1.0f);
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svst1_f32(active, row + i, svmul_f32_x(active, svld1_f32(active, row + i), scale));
    }
}
