/* Right where nothing is promised for rows with a NaN, as its header says: FMAXNM takes the number and drops a
 * quiet NaN.
 *
 * KERNEL: op = "max_f32"
 * KERNEL: waived = { nan = "its documentation promises nothing for rows with a NaN" }
 */
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>

enum { LANES = 4 };

float neon_ignores_nan(const float *x, size_t len) {
    float32x4_t largest = vdupq_n_f32(-INFINITY);
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        largest = vmaxnmq_f32(largest, vld1q_f32(x + i));
    float found = vmaxnmvq_f32(largest);
    for (; i < len; i++)
        found = x[i] > found ? x[i] : found;
    return found;
}
