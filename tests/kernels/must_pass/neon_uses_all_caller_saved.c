/* Right although it leaves junk in v16, v31, x9 and x17: those are the callee's to change.
 *
 * KERNEL: op = "sum_f32"
 */
#include <arm_neon.h>
#include <stddef.h>

float neon_uses_all_caller_saved(const float *x, size_t len) {
    float32x4_t sums = vdupq_n_f32(0.0f);
    __asm__ volatile("" : : : "v16", "v17", "v18", "v30", "v31", "x9", "x15", "x16", "x17", "cc");
    __asm__ volatile("movi v16.16b, #255\n\tmovi v31.16b, #255\n\tmov x9, #-1\n\tmov x17, #-1"
                     :
                     :
                     : "v16", "v31", "x9", "x17");
    size_t i = 0;
    for (; len - i >= 4; i += 4)
        sums = vaddq_f32(sums, vld1q_f32(x + i));
    float sum = vaddvq_f32(sums);
    for (; i < len; i++)
        sum += x[i];
    return sum;
}
