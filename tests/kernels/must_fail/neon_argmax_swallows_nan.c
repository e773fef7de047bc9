/* NaN swallowed: FMAXNM takes the number where the other operand is a NaN, and no comparison finds one afterwards.
 *
 * Every row of numbers is right.
 *
 * FMAXNM prefers numbers: a NaN is nowhere found.
 *
 * KERNEL: op = "argmax_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite special"
 */
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>

size_t neon_argmax_swallows_nan(const float *x, size_t len) {
    float32x4_t lanes = vdupq_n_f32(-INFINITY);
    size_t i = 0;
    for (; len - i >= 4; i += 4)
        lanes = vmaxnmq_f32(lanes, vld1q_f32(x + i));
    float largest = vmaxnmvq_f32(lanes);
    for (; i < len; i++)
        largest = fmaxf(largest, x[i]);
    for (i = 0; i < len; i++)
        if (x[i] == largest)
            return i;
    return 0;
}
