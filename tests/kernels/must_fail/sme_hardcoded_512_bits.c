/* Width hard-coded: the loop advances by the sixteen lanes of the machine it was written on.
 *
 * Right at a streaming vector length of 512 bits. Below it elements are skipped; above it they are updated
 * repeatedly.
 *
 * The author's streaming vector length is in the code.
 *
 * KERNEL: op = "axpy_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: cc = "clang"
 * EXPECT: passes_at = [512]
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

__arm_locally_streaming void sme_hardcoded_512_bits(float *y, const float *x, size_t len, float a) {
    const uint64_t lanes = 16;
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t sum = svmla_n_f32_x(active, svld1_f32(active, y + i), svld1_f32(active, x + i), a);
        svst1_f32(active, y + i, sum);
    }
}
