/* dot_bf16, Advanced SIMD: the sum of x[i] * y[i] of bfloat16, added up and returned in float.
 *
 * 1. A bfloat16 is the upper half of a float: elements are widened to 32 bits and moved up there, which takes nothing
 * of the BF16 extension, whose instructions flush subnormals and round in their own way, and which Armv8.0 lacks.
 * 2. Four accumulators of four lanes, 16 elements per iteration, so that four additions are in flight.
 * 3. The residue one element at a time, as vectors of which only lane 0 is not zero.
 * 4. Add the accumulators, then across lanes.
 *
 * Rounding (u = 2^-24): products are exact; each addition rounds, in chains of n / 16 terms.
 * Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum.
 * Needs: the AArch64 base architecture. No alignment beyond that of two bytes.
 */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

enum { LANES = 4, BLOCK = 4 * LANES, UPPER_HALF = 16 };

static inline float32x4_t widen(uint16x4_t brain) {
    return vreinterpretq_f32_u32(vshlq_n_u32(vmovl_u16(brain), UPPER_HALF));
}

static inline float32x4_t load_brain(const uint16_t *x) {
    return widen(vld1_u16(x));
}

/* Lanes other than 0 are 0. */
static inline float32x4_t load_one(const uint16_t *x) {
    return widen(vld1_lane_u16(x, vdup_n_u16(0), 0));
}

float dot_bf16_neon(const uint16_t *x, const uint16_t *y, size_t len) {
    float32x4_t sum0 = vdupq_n_f32(0.0f), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        sum0 = vfmaq_f32(sum0, load_brain(x + i), load_brain(y + i));
        sum1 = vfmaq_f32(sum1, load_brain(x + i + LANES), load_brain(y + i + LANES));
        sum2 = vfmaq_f32(sum2, load_brain(x + i + 2 * LANES), load_brain(y + i + 2 * LANES));
        sum3 = vfmaq_f32(sum3, load_brain(x + i + 3 * LANES), load_brain(y + i + 3 * LANES));
    }
    for (; i < len; i++)
        sum0 = vfmaq_f32(sum0, load_one(x + i), load_one(y + i));

    return vaddvq_f32(vaddq_f32(vaddq_f32(sum0, sum1), vaddq_f32(sum2, sum3)));
}
