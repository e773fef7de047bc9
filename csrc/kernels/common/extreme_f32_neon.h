/* The largest or the smallest element of a row, Advanced SIMD: what max_f32 and min_f32 share. The includer defines
 * EXTREME_OF_NOTHING, EXTREME and EXTREME_ACROSS.
 *
 * 1. Four vectors of running extremes, 16 elements per iteration, so that four comparisons are in flight.
 * 2. The residue, one element at a time and in every lane at once.
 * 3. Reduce the vectors, then across lanes.
 */
#ifndef KERNELS_EXTREME_F32_NEON_H
#define KERNELS_EXTREME_F32_NEON_H

#include <arm_neon.h>
#include <math.h>
#include <stddef.h>

enum { LANES = 4, BLOCK = 4 * LANES };

static inline float extreme_f32(const float *x, size_t len) {
    float32x4_t extreme0 = vdupq_n_f32(EXTREME_OF_NOTHING), extreme1 = extreme0, extreme2 = extreme0,
                extreme3 = extreme0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        extreme0 = EXTREME(extreme0, vld1q_f32(x + i));
        extreme1 = EXTREME(extreme1, vld1q_f32(x + i + LANES));
        extreme2 = EXTREME(extreme2, vld1q_f32(x + i + 2 * LANES));
        extreme3 = EXTREME(extreme3, vld1q_f32(x + i + 3 * LANES));
    }
    for (; i < len; i++)
        extreme0 = EXTREME(extreme0, vld1q_dup_f32(x + i));

    return EXTREME_ACROSS(EXTREME(EXTREME(extreme0, extreme1), EXTREME(extreme2, extreme3)));
}

#endif
