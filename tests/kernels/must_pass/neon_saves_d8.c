/* Right although it leaves the upper half of v8 changed: under the base procedure call standard only d8 is the
 * caller's.
 *
 * KERNEL: op = "sum_f32"
 */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

float neon_saves_d8(const float *x, size_t len) {
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
