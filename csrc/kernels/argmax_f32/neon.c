/* argmax_f32, Advanced SIMD: the index of the largest element of x.
 *
 * 1. The maximum, which a NaN wins (FMAX and FMAXV propagate it), as in max_f32.
 * 2. The first element that is equal to it, or the first NaN: the row is read once more up to there, which keeps index
 *    vectors, and their 32 bits for rows that are longer, out of the first loop. 16 elements at a time are passed over,
 *    as long as none of them is it; then vectors, then single elements.
 *
 * Conventions: of equal elements the first; zeros of either sign are equal. The first NaN, if there is one, is the
 * largest. 0 for an empty row.
 * Needs: the AArch64 base architecture, and comparisons that keep to IEEE 754 (no -ffast-math). No alignment beyond
 * that of float.
 */
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

enum { LANES = 4, BLOCK = 4 * LANES, MASK_BITS = 16 };

static inline float largest_of(const float *x, size_t len) {
    float32x4_t max0 = vdupq_n_f32(-INFINITY), max1 = max0, max2 = max0, max3 = max0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        max0 = vmaxq_f32(max0, vld1q_f32(x + i));
        max1 = vmaxq_f32(max1, vld1q_f32(x + i + LANES));
        max2 = vmaxq_f32(max2, vld1q_f32(x + i + 2 * LANES));
        max3 = vmaxq_f32(max3, vld1q_f32(x + i + 3 * LANES));
    }
    for (; i < len; i++)
        max0 = vmaxq_f32(max0, vld1q_dup_f32(x + i));
    return vmaxvq_f32(vmaxq_f32(vmaxq_f32(max0, max1), vmaxq_f32(max2, max3)));
}

/* All ones in each lane that is the largest, or is a NaN if that is one. */
static inline uint32x4_t found(float32x4_t v, float32x4_t largest) {
    const uint32x4_t ordered = vceqq_f32(largest, largest);
    return vbslq_u32(ordered, vceqq_f32(v, largest), vmvnq_u32(vceqq_f32(v, v)));
}

static inline int found_in_block(const float *x, float32x4_t largest) {
    const uint32x4_t low = vorrq_u32(found(vld1q_f32(x), largest), found(vld1q_f32(x + LANES), largest));
    const uint32x4_t high =
        vorrq_u32(found(vld1q_f32(x + 2 * LANES), largest), found(vld1q_f32(x + 3 * LANES), largest));
    return vmaxvq_u32(vorrq_u32(low, high)) != 0;
}

size_t argmax_f32_neon(const float *x, size_t len) {
    const float32x4_t largest = vdupq_n_f32(largest_of(x, len));
    size_t i = 0;
    while (len - i >= BLOCK && !found_in_block(x + i, largest))
        i += BLOCK;
    for (; len - i >= LANES; i += LANES) {
        /* A lane's 16 bits; the lowest ones are the first lane's. */
        const uint16x4_t narrow = vmovn_u32(found(vld1q_f32(x + i), largest));
        const uint64_t mask = vget_lane_u64(vreinterpret_u64_u16(narrow), 0);
        if (mask)
            return i + (size_t)__builtin_ctzll(mask) / MASK_BITS;
    }
    for (; i < len; i++)
        if (vgetq_lane_u32(found(vld1q_dup_f32(x + i), largest), 0))
            return i;
    return 0;
}
