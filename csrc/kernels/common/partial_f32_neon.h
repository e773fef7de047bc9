/* What is left of a row behind its last whole vector, Advanced SIMD: a vector on the stack takes it, so that it gets
 * the same operations as the rest, and nothing outside the row is read or written. count is below 4.
 */
#ifndef KERNELS_PARTIAL_F32_NEON_H
#define KERNELS_PARTIAL_F32_NEON_H

#include <arm_neon.h>
#include <stddef.h>
#include <string.h>

enum { LANES = 4 };

/* Lanes from count on are 0. */
static inline float32x4_t load_partial(const float *x, size_t count) {
    float lanes[LANES] = {0.0f};
    memcpy(lanes, x, count * sizeof(float));
    return vld1q_f32(lanes);
}

static inline void store_partial(float *out, float32x4_t v, size_t count) {
    float lanes[LANES];
    vst1q_f32(lanes, v);
    memcpy(out, lanes, count * sizeof(float));
}

#endif
