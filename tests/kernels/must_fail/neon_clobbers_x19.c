/* Callee-saved register overwritten: the address is computed in x19, which the clobber list does not name.
 *
 * The result is right. What breaks is a caller with a loop counter in x19.
 *
 * x19 as scratch in inline assembly: the caller's value is gone.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "STATE"
 */
#include <arm_neon.h>
#include <stddef.h>

float neon_clobbers_x19(const float *x, size_t len) {
    float32x4_t sums = vdupq_n_f32(0.0f);
    size_t i = 0;
    for (; len - i >= 4; i += 4) {
        __asm__("add x19, %[x], %[i], lsl #2\n\t"
                "ld1 {v0.4s}, [x19]\n\t"
                "fadd %[sums].4s, %[sums].4s, v0.4s"
                : [sums] "+w"(sums)
                : [x] "r"(x), [i] "r"(i)
                : "v0", "memory");
    }
    float sum = vaddvq_f32(sums);
    for (; i < len; i++)
        sum += x[i];
    return sum;
}
