/* Off by one: the scalar tail stops one element early.
 *
 * Shows only where the size is no multiple of four and the maximum is the very last element.
 *
 * The last element of a residue is never compared: seen only if it is the maximum.
 *
 * KERNEL: op = "max_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: rule = "where the element that stands out is the last element and len % lanes is 1, 2 or 3 (4 lanes)"
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
