/* The maximum first, then where it is: the row is read twice, and the index of no lane is kept. A NaN that FMAX lets
 * through is found by comparing with itself.
 *
 * KERNEL: op = "argmax_f32"
 */
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>

size_t neon_argmax_finds_maximum(const float *x, size_t len) {
    float32x4_t lanes = vdupq_n_f32(-INFINITY);
    size_t i = 0;
    for (; len - i >= 4; i += 4)
        lanes = vmaxq_f32(lanes, vld1q_f32(x + i));
    if (i < len && len >= 4)
        lanes = vmaxq_f32(lanes, vld1q_f32(x + len - 4)); /* overlaps: taking elements twice changes no maximum */
    float largest = vmaxvq_f32(lanes);
    for (; len < 4 && i < len; i++)
        largest = isnan(largest) || largest >= x[i] ? largest : x[i];
    const int has_nan = isnan(largest);
    for (i = 0; i < len; i++)
        if (has_nan ? isnan(x[i]) : x[i] == largest)
            return i;
    return 0;
}
