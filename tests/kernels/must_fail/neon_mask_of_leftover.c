/* Wrong mask for some leftover lanes: of so many elements behind the last whole vector, one too few is loaded.
 *
 * WRONG_FOR says for how many. Right for all other sizes, and on long rows the one element drowns in the tolerance.
 *
 * A table of masks with one wrong row: wrong for one number of leftover lanes.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: name = "neon_mask_of_leftover_1"
 * KERNEL: defines = ["WRONG_FOR=1"]
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: rule = "fail exactly where len % lanes is 1 (4 lanes)"
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: name = "neon_mask_of_leftover_2"
 * KERNEL: defines = ["WRONG_FOR=2"]
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: rule = "fail exactly where len % lanes is 2 (4 lanes)"
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: name = "neon_mask_of_leftover_3"
 * KERNEL: defines = ["WRONG_FOR=3"]
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: rule = "fail exactly where len % lanes is 3 (4 lanes)"
 */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

static inline float32x4_t first_lanes(const float *x, size_t left) {
    static const uint32_t lane[4] = {0, 1, 2, 3};
    float padded[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (size_t i = 0; i < left; i++)
        padded[i] = x[i];
    const uint32_t taken = (uint32_t)(left == WRONG_FOR ? left - 1 : left);
    const uint32x4_t is_taken = vcltq_u32(vld1q_u32(lane), vdupq_n_u32(taken));
    return vreinterpretq_f32_u32(vandq_u32(is_taken, vreinterpretq_u32_f32(vld1q_f32(padded))));
}

float neon_mask_of_leftover(const float *x, size_t len) {
    float32x4_t sum = vdupq_n_f32(0.0f);
    size_t i = 0;
    for (; len - i >= 4; i += 4)
        sum = vaddq_f32(sum, vld1q_f32(x + i));
    if (i < len)
        sum = vaddq_f32(sum, first_lanes(x + i, len - i));
    return vaddvq_f32(sum);
}
