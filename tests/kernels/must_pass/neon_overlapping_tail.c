/* Right where its callers promise at least one vector, as its header says: the last vector of the row is read
 * twice over in part, which is harmless in a maximum.
 *
 * KERNEL: op = "max_f32"
 * KERNEL: requires = ["len >= 4"]
 */
#include <arm_neon.h>
#include <stddef.h>

enum { LANES = 4 };

float neon_overlapping_tail(const float *x, size_t len) {
    float32x4_t largest = vld1q_f32(x + len - LANES);
    for (size_t i = 0; i + LANES <= len; i += LANES)
        largest = vmaxq_f32(largest, vld1q_f32(x + i));
    return vmaxvq_f32(largest);
}
