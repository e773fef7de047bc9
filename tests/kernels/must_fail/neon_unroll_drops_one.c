/* Unrolled by two, with a tail in pairs: where one element alone is left over, nothing takes it.
 *
 * A tail of three is a pair and one element, and is right.
 *
 * Unrolled by two, and a tail of one element is forgotten.
 *
 * KERNEL: op = "dot_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: rule = "fail exactly where len % (2 * lanes) is 1 (4 lanes)"
 */
#include <arm_neon.h>
#include <stddef.h>

float neon_unroll_drops_one(const float *x, const float *y, size_t len) {
    float32x4_t sum0 = vdupq_n_f32(0.0f), sum1 = sum0;
    size_t i = 0;
    for (; len - i >= 8; i += 8) {
        sum0 = vfmaq_f32(sum0, vld1q_f32(x + i), vld1q_f32(y + i));
        sum1 = vfmaq_f32(sum1, vld1q_f32(x + i + 4), vld1q_f32(y + i + 4));
    }
    float sum = vaddvq_f32(vaddq_f32(sum0, sum1));
    if (len - i < 2)
        return sum;
    for (; i < len; i++)
        sum += x[i] * y[i];
    return sum;
}
