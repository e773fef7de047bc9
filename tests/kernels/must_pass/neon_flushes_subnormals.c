/* Right where nothing is promised for rows with subnormal numbers, as its header says: it counts them as zero
 * while it works, and puts FPCR back.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: waived = { subnormal = "its documentation counts subnormal numbers as zero" }
 */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#define FLUSH_TO_ZERO (UINT64_C(1) << 24) /* FPCR.FZ */

enum { LANES = 4 };

float neon_flushes_subnormals(const float *x, size_t len) {
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr | FLUSH_TO_ZERO) : "memory");
    float32x4_t sums = vdupq_n_f32(0.0f);
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        sums = vaddq_f32(sums, vld1q_f32(x + i));
    float sum = vaddvq_f32(sums);
    for (; i < len; i++)
        sum += x[i];
    __asm__ volatile("msr fpcr, %1" : "+w"(sum) : "r"(fpcr) : "memory");
    return sum;
}
