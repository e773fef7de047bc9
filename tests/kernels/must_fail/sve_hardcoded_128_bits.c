/* Width hard-coded: a NEON loop translated line by line, which still advances by four.
 *
 * Right at 128 bits. Wider vectors overlap, and elements are updated two to sixteen times.
 *
 * A NEON loop with SVE intrinsics: right at 128 bits only.
 *
 * KERNEL: op = "axpy_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: vector_bits = [256, 512, 1024, 2048]
 * EXPECT: passes_at = [128]
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

void sve_hardcoded_128_bits(float *y, const float *x, size_t len, float a) {
    const uint64_t lanes = 4;
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t sum = svmla_n_f32_x(active, svld1_f32(active, y + i), svld1_f32(active, x + i), a);
        svst1_f32(active, y + i, sum);
    }
}
