/* softmax_f32, Advanced SIMD: row[i] = e^row[i] / sum(e^row), in place.
 *
 * 1. The largest element m: e^(x - m) is at most 1 and cannot overflow.
 * 2. Replace each x by e^(x - m), and sum them, in two accumulators of four lanes, because the exponential keeps
 *    the core busy enough.
 * 3. Multiply by the reciprocal of the sum, which is at least 1.
 *
 * The residue goes through a vector on the stack, filled up with -infinity, whose exponential is 0.
 *
 * Rounding (u = 2^-24): x - m rounds once, which e^x turns into up to |x - m| u of relative error; the exponential
 * (1.01 ULP); the sum, of non-negative terms; u each from reciprocal and product. Results lie within [0, 1], and
 * underflow gradually.
 * Conventions: an empty row is left alone. A NaN or +infinity anywhere, or -infinity everywhere, makes the whole
 * row NaN, as the formula does; -infinity among finite elements gives 0.
 * Needs: the AArch64 base architecture. No alignment beyond that of float.
 */
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "../common/exp_f32_neon.h"

enum { LANES = 4, BLOCK = 2 * LANES };

static inline float32x4_t load_partial(const float *x, size_t count) {
    float lanes[LANES] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
    memcpy(lanes, x, count * sizeof(float));
    return vld1q_f32(lanes);
}

static inline void store_partial(float *out, float32x4_t v, size_t count) {
    float lanes[LANES];
    vst1q_f32(lanes, v);
    memcpy(out, lanes, count * sizeof(float));
}

static inline float largest_of(const float *row, size_t len) {
    float32x4_t max0 = vdupq_n_f32(-INFINITY), max1 = max0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        max0 = vmaxq_f32(max0, vld1q_f32(row + i));
        max1 = vmaxq_f32(max1, vld1q_f32(row + i + LANES));
    }
    for (; i < len; i++)
        max0 = vmaxq_f32(max0, vld1q_dup_f32(row + i));
    return vmaxvq_f32(vmaxq_f32(max0, max1));
}

void softmax_f32_neon(float *row, size_t len) {
    const float32x4_t largest = vdupq_n_f32(largest_of(row, len));

    float32x4_t sum0 = vdupq_n_f32(0.0f), sum1 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const float32x4_t e0 = exp_nonpositive(vsubq_f32(vld1q_f32(row + i), largest));
        const float32x4_t e1 = exp_nonpositive(vsubq_f32(vld1q_f32(row + i + LANES), largest));
        vst1q_f32(row + i, e0);
        vst1q_f32(row + i + LANES, e1);
        sum0 = vaddq_f32(sum0, e0);
        sum1 = vaddq_f32(sum1, e1);
    }
    while (i < len) {
        const size_t count = len - i < LANES ? len - i : LANES;
        const float32x4_t e = exp_nonpositive(vsubq_f32(load_partial(row + i, count), largest));
        store_partial(row + i, e, count);
        sum0 = vaddq_f32(sum0, e);
        i += count;
    }

    const float scale = 1.0f / vaddvq_f32(vaddq_f32(sum0, sum1));
    for (i = 0; len - i >= LANES; i += LANES)
        vst1q_f32(row + i, vmulq_n_f32(vld1q_f32(row + i), scale));
    for (; i < len; i++)
        row[i] *= scale;
}
