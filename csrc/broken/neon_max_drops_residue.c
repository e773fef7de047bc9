/* Off by one: the scalar tail stops one element early.
 *
 * Shows only where the size is no multiple of four and the maximum is the very last element.
 */
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>

float neon_max_drops_residue(const float *x, size_t len) {
    float32x4_t largest = vdupq_n_f32(-INFINITY);
    size_t i = 0;
    for (; len - i >= 4; i += 4)
        largest = vmaxq_f32(largest, vld1q_f32(x + i));
    for (; i + 1 < len; i++)
        largest = vmaxq_f32(largest, vld1q_dup_f32(x + i));
    return vmaxvq_f32(largest);
}
