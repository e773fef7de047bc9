/* min_f32, AVX2: the smallest element of x.
 *
 * 1. Four vectors of running minima, 32 elements per iteration, so that four comparisons are in flight. minps drops
 *    a NaN in one of its operands, so pairs of vectors are tested for NaN on the side.
 * 2. Single vectors, the last of them loaded under a mask, with +infinity in the lanes that are masked off.
 * 3. Reduce the vectors, then across lanes; a NaN that was seen is what is returned.
 *
 * Conventions: the minimum of nothing is +infinity. A NaN anywhere gives a NaN (quiet; sign and payload unspecified).
 * Zeros of either sign are equal, and which of them is returned is unspecified.
 * Exact: nothing is rounded.
 * Needs: AVX2, for the integer comparison that makes the mask; the rest is AVX. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <math.h>
#include <stddef.h>

enum { LANES = 8, BLOCK = 4 * LANES };

/* All ones in the first min(count, 8) lanes. */
static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < LANES ? (int)count : LANES), lane);
}

static inline float reduce_min(__m256 v) {
    __m128 smallest = _mm_min_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    smallest = _mm_min_ps(smallest, _mm_movehl_ps(smallest, smallest));
    smallest = _mm_min_ss(smallest, _mm_movehdup_ps(smallest));
    return _mm_cvtss_f32(smallest);
}

float min_f32_avx2(const float *x, size_t len) {
    const __m256 highest = _mm256_set1_ps(INFINITY);
    __m256 min0 = highest, min1 = highest, min2 = highest, min3 = highest;
    __m256 unordered = _mm256_setzero_ps();
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m256 x0 = _mm256_loadu_ps(x + i);
        const __m256 x1 = _mm256_loadu_ps(x + i + LANES);
        const __m256 x2 = _mm256_loadu_ps(x + i + 2 * LANES);
        const __m256 x3 = _mm256_loadu_ps(x + i + 3 * LANES);
        min0 = _mm256_min_ps(x0, min0);
        min1 = _mm256_min_ps(x1, min1);
        min2 = _mm256_min_ps(x2, min2);
        min3 = _mm256_min_ps(x3, min3);
        unordered = _mm256_or_ps(unordered, _mm256_cmp_ps(x0, x1, _CMP_UNORD_Q));
        unordered = _mm256_or_ps(unordered, _mm256_cmp_ps(x2, x3, _CMP_UNORD_Q));
    }
    for (; i < len; i += LANES) {
        const __m256i active = first_lanes(len - i);
        const __m256 loaded = _mm256_maskload_ps(x + i, active);
        const __m256 tail = _mm256_blendv_ps(highest, loaded, _mm256_castsi256_ps(active));
        min0 = _mm256_min_ps(tail, min0);
        unordered = _mm256_or_ps(unordered, _mm256_cmp_ps(tail, tail, _CMP_UNORD_Q));
    }

    const float smallest = reduce_min(_mm256_min_ps(_mm256_min_ps(min0, min1), _mm256_min_ps(min2, min3)));
    const int has_nan = _mm256_movemask_ps(unordered) != 0;
    _mm256_zeroupper();
    return has_nan ? NAN : smallest;
}
