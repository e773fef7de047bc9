/* FMAXV where FADDV belongs: the largest of four partial sums instead of their sum.
 *
 * Shows as soon as there is a whole vector, in ordinary rows; a row with one positive element has the same of both.
 *
 * The horizontal maximum instead of the sum: an intrinsic of nearly the same name.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: rule = "fail exactly where len >= lanes (4 lanes)"
 */
#include <arm_neon.h>
#include <stddef.h>

float neon_horizontal_max(const float *x, size_t len) {
    float32x4_t sums = vdupq_n_f32(0.0f);
    size_t i = 0;
    for (; len - i >= 4; i += 4)
        sums = vaddq_f32(sums, vld1q_f32(x + i));
    float sum = vmaxvq_f32(sums);
    for (; i < len; i++)
        sum += x[i];
    return sum;
}
