/* Callee-saved register overwritten: under aarch64_vector_pcs all 128 bits of v8 are the caller's, and only the low 64
 * are put back, as the base standard asks. The clobber is hidden from the compiler, which would save v8 itself.
 *
 * The result is right.
 *
 * The vector procedure call standard extends the callee-saved d8 to d15 to their whole width.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = """\
 * KERNEL: __attribute__((aarch64_vector_pcs)) float neon_vector_pcs_clobbers_q8(const float *x, size_t len)"""
 * EXPECT: outcome = "STATE"
 */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

__attribute__((aarch64_vector_pcs)) float neon_vector_pcs_clobbers_q8(const float *x, size_t len) {
    float32x4_t sums = vdupq_n_f32(0.0f);
    uint64_t saved;
    size_t i = 0;
    __asm__ volatile("fmov %0, d8" : "=r"(saved));
    for (; len - i >= 4; i += 4)
        __asm__ volatile("ldr q8, [%[at]]\n\t"
                         "fadd %[sums].4s, %[sums].4s, v8.4s"
                         : [sums] "+w"(sums)
                         : [at] "r"(x + i)
                         : "memory");
    __asm__ volatile("fmov d8, %0" : : "r"(saved));
    float sum = vaddvq_f32(sums);
    for (; i < len; i++)
        sum += x[i];
    return sum;
}
