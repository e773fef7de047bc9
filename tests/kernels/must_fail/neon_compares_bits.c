/* Compares floating-point numbers as the integers that their bits are: of two negative ones it takes the smaller.
 *
 * Floating-point numbers compared as integers: wrong where all elements are negative, and differ.
 *
 * KERNEL: op = "max_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

enum { LANES = 4 };

float neon_compares_bits(const float *x, size_t len) {
    int32x4_t largest = vreinterpretq_s32_f32(vdupq_n_f32(-INFINITY));
    uint32x4_t has_nan = vdupq_n_u32(0);
    size_t i = 0;
    if (len == 0)
        return -INFINITY;
    largest = vreinterpretq_s32_f32(vld1q_dup_f32(x));
    for (; len - i >= LANES; i += LANES) {
        const float32x4_t loaded = vld1q_f32(x + i);
        largest = vmaxq_s32(largest, vreinterpretq_s32_f32(loaded)); /* BUG */
        has_nan = vorrq_u32(has_nan, vmvnq_u32(vceqq_f32(loaded, loaded)));
    }
    for (; i < len; i++) {
        const float32x4_t loaded = vld1q_dup_f32(x + i);
        largest = vmaxq_s32(largest, vreinterpretq_s32_f32(loaded));
        has_nan = vorrq_u32(has_nan, vmvnq_u32(vceqq_f32(loaded, loaded)));
    }
    const float32x4_t found = vreinterpretq_f32_s32(vdupq_n_s32(vmaxvq_s32(largest)));
    return vmaxvq_u32(has_nan) ? NAN : vgetq_lane_f32(found, 0);
}
