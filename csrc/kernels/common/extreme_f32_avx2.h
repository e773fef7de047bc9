/* The largest or the smallest element of a row, AVX2: what max_f32 and min_f32 share. The includer defines
 * EXTREME_OF_NOTHING, EXTREME and EXTREME_128.
 *
 * 1. Four vectors of running extremes, 32 elements per iteration, so that four comparisons are in flight. maxps and
 *    minps drop a NaN in one operand, so pairs of vectors are tested for NaN on the side.
 * 2. Single vectors, the last of them loaded under a mask, with EXTREME_OF_NOTHING in the lanes that are masked off.
 * 3. Reduce the vectors, then across lanes; a NaN that was seen is what is returned.
 */
#ifndef KERNELS_EXTREME_F32_AVX2_H
#define KERNELS_EXTREME_F32_AVX2_H

#include <immintrin.h>
#include <math.h>
#include <stddef.h>

enum { LANES = 8, BLOCK = 4 * LANES };

/* All ones in the first min(count, 8) lanes. */
static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < LANES ? (int)count : LANES), lane);
}

static inline float reduce(__m256 v) {
    __m128 extreme = EXTREME_128(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    extreme = EXTREME_128(extreme, _mm_movehl_ps(extreme, extreme));
    extreme = EXTREME_128(extreme, _mm_movehdup_ps(extreme));
    return _mm_cvtss_f32(extreme);
}

static inline float extreme_f32(const float *x, size_t len) {
    const __m256 nothing = _mm256_set1_ps(EXTREME_OF_NOTHING);
    __m256 extreme0 = nothing, extreme1 = nothing, extreme2 = nothing, extreme3 = nothing;
    __m256 unordered = _mm256_setzero_ps();
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m256 x0 = _mm256_loadu_ps(x + i);
        const __m256 x1 = _mm256_loadu_ps(x + i + LANES);
        const __m256 x2 = _mm256_loadu_ps(x + i + 2 * LANES);
        const __m256 x3 = _mm256_loadu_ps(x + i + 3 * LANES);
        extreme0 = EXTREME(x0, extreme0);
        extreme1 = EXTREME(x1, extreme1);
        extreme2 = EXTREME(x2, extreme2);
        extreme3 = EXTREME(x3, extreme3);
        unordered = _mm256_or_ps(unordered, _mm256_cmp_ps(x0, x1, _CMP_UNORD_Q));
        unordered = _mm256_or_ps(unordered, _mm256_cmp_ps(x2, x3, _CMP_UNORD_Q));
    }
    for (; i < len; i += LANES) {
        const __m256i active = first_lanes(len - i);
        const __m256 loaded = _mm256_maskload_ps(x + i, active);
        const __m256 tail = _mm256_blendv_ps(nothing, loaded, _mm256_castsi256_ps(active));
        extreme0 = EXTREME(tail, extreme0);
        unordered = _mm256_or_ps(unordered, _mm256_cmp_ps(tail, tail, _CMP_UNORD_Q));
    }

    const float extreme = reduce(EXTREME(EXTREME(extreme0, extreme1), EXTREME(extreme2, extreme3)));
    const int has_nan = _mm256_movemask_ps(unordered) != 0;
    _mm256_zeroupper();
    return has_nan ? NAN : extreme;
}

#endif
