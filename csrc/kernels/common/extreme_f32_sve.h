/* The largest or the smallest element of a row, SVE at any vector length, and streaming mode: what max_f32 and min_f32
 * share. The includer defines EXTREME_OF_NOTHING, EXTREME_X, EXTREME_M and EXTREME_ACROSS.
 *
 * 1. Four vectors of running extremes, four vectors per iteration, so that four comparisons are in flight.
 * 2. The residue through a loop predicated by whilelt; it merges (_m), so that inactive lanes keep what they have.
 * 3. Reduce the vectors, then across lanes.
 */
#ifndef KERNELS_EXTREME_F32_SVE_H
#define KERNELS_EXTREME_F32_SVE_H

#include <arm_sve.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "streaming.h"

static inline float extreme_f32(const float *x, size_t len) STREAMING {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    const uint64_t block = 4 * lanes;
    svfloat32_t extreme0 = svdup_n_f32(EXTREME_OF_NOTHING), extreme1 = extreme0, extreme2 = extreme0,
                extreme3 = extreme0;
    uint64_t i = 0;
    for (; len - i >= block; i += block) {
        extreme0 = EXTREME_X(all, extreme0, svld1_f32(all, x + i));
        extreme1 = EXTREME_X(all, extreme1, svld1_f32(all, x + i + lanes));
        extreme2 = EXTREME_X(all, extreme2, svld1_f32(all, x + i + 2 * lanes));
        extreme3 = EXTREME_X(all, extreme3, svld1_f32(all, x + i + 3 * lanes));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        extreme0 = EXTREME_M(active, extreme0, svld1_f32(active, x + i));
    }

    return EXTREME_ACROSS(all, EXTREME_X(all, EXTREME_X(all, extreme0, extreme1), EXTREME_X(all, extreme2, extreme3)));
}

#endif
