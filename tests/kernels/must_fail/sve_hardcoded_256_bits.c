/* Width hard-coded: the loops advance by the eight lanes of the machine they were written on.
 *
 * Right at 256 bits. At 128 bits every second group of four elements is skipped; from 512 bits on elements are
 * summed and scaled repeatedly.
 *
 * Written on a 256-bit machine and never run elsewhere: right there, wrong at every other width.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: vector_bits = [128, 512, 1024, 2048]
 * EXPECT: passes_at = [256]
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

void sve_hardcoded_256_bits(float *row, size_t len, float eps) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = 8;
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t x = svld1_f32(active, row + i);
        sum = svmla_f32_m(active, sum, x, x);
    }

    const float mean = svaddv_f32(all, sum) / (float)len;
    const svfloat32_t scale = svdivr_n_f32_x(all, svsqrt_f32_x(all, svdup_n_f32(mean + eps)), 1.0f);

    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svst1_f32(active, row + i, svmul_f32_x(active, svld1_f32(active, row + i), scale));
    }
}
