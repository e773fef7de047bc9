/* Callee-saved register overwritten: the low half of v8 belongs to the caller, and the clobber list is empty.
 *
 * The result is right. What breaks is a caller that keeps a double in d8.
 *
 * d8 is overwritten by inline assembly without a clobber list: the caller's value is gone.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "STATE"
 */
#include <arm_neon.h>
#include <stddef.h>

float neon_clobbers_d8(const float *x, size_t len) {
    float32x4_t sums = vdupq_n_f32(0.0f);
    size_t i = 0;
    for (; len - i >= 4; i += 4)
        __asm__("ldr q8, [%[at]]\n\t"
                "fadd %[sums].4s, %[sums].4s, v8.4s"
                : [sums] "+w"(sums)
                : [at] "r"(x + i)
                : "memory");
    float sum = vaddvq_f32(sums);
    for (; i < len; i++)
        sum += x[i];
    return sum;
}
