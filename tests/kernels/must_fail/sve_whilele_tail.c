/* Off by one: whilele instead of whilelt, so the last vector has one lane too many.
 *
 * Reads and writes the element just past the end, except where the size is a multiple of svcntw(): there the last
 * vector is full anyway.
 *
 * whilele has an inclusive bound: one lane past the end is read and written, except at multiples of the vector length.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "OUT_OF_BOUNDS"
 * EXPECT: rule = "fails exactly where len % lanes is not 0"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

void sve_whilele_tail(float *row, size_t len, float eps) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilele_b32_u64(i, len);
        const svfloat32_t x = svld1_f32(active, row + i);
        sum = svmla_f32_m(active, sum, x, x);
    }

    const float mean = svaddv_f32(all, sum) / (float)len;
    const svfloat32_t scale = svdivr_n_f32_x(all, svsqrt_f32_x(all, svdup_n_f32(mean + eps)), 1.0f);

    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilele_b32_u64(i, len);
        svst1_f32(active, row + i, svmul_f32_x(active, svld1_f32(active, row + i), scale));
    }
}
