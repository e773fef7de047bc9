/* Callee-saved register overwritten: under aarch64_vector_pcs q8 to q23 are the caller's, under the base standard v16
 * is free.
 *
 * The result is right.
 *
 * The vector procedure call standard adds q16 to q23 to what a callee saves.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = """\
 * KERNEL: __attribute__((aarch64_vector_pcs)) float neon_vector_pcs_clobbers_q16(const float *x, size_t len)"""
 * EXPECT: outcome = "STATE"
 */
#include <arm_neon.h>
#include <stddef.h>

__attribute__((aarch64_vector_pcs)) float neon_vector_pcs_clobbers_q16(const float *x, size_t len) {
    float32x4_t sums = vdupq_n_f32(0.0f);
    size_t i = 0;
    for (; len - i >= 4; i += 4)
        __asm__("ldr q16, [%[at]]\n\t"
                "fadd %[sums].4s, %[sums].4s, v16.4s"
                : [sums] "+w"(sums)
                : [at] "r"(x + i)
                : "memory");
    float sum = vaddvq_f32(sums);
    for (; i < len; i++)
        sum += x[i];
    return sum;
}
