/* argmax_f32, AVX2: the index of the largest element of x.
 *
 * 1. The maximum, and on the side whether there is a NaN, which maxps drops in one of its operands.
 * 2. The first element that is equal to it, or the first NaN: the row is read once more up to there, which keeps index
 *    vectors, and their 32 bits for rows that are longer, out of the first loop.
 *
 * The residue is loaded under a mask; lanes that are masked off are no candidates.
 *
 * Conventions: of equal elements the first; zeros of either sign are equal. The first NaN, if there is one, is the
 * largest. 0 for an empty row.
 * Needs: AVX2, for the integer comparison that makes the mask; the rest is AVX. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <math.h>
#include <stddef.h>

enum { LANES = 8 };

/* All ones in the first min(count, 8) lanes. */
static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < LANES ? (int)count : LANES), lane);
}

static inline float reduce_max(__m256 v) {
    __m128 largest = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    largest = _mm_max_ps(largest, _mm_movehl_ps(largest, largest));
    largest = _mm_max_ss(largest, _mm_movehdup_ps(largest));
    return _mm_cvtss_f32(largest);
}

size_t argmax_f32_avx2(const float *x, size_t len) {
    const __m256 lowest = _mm256_set1_ps(-INFINITY);
    __m256 max0 = lowest, max1 = lowest;
    __m256 unordered = _mm256_setzero_ps();
    size_t i = 0;
    for (; len - i >= 2 * LANES; i += 2 * LANES) {
        const __m256 x0 = _mm256_loadu_ps(x + i), x1 = _mm256_loadu_ps(x + i + LANES);
        max0 = _mm256_max_ps(x0, max0);
        max1 = _mm256_max_ps(x1, max1);
        unordered = _mm256_or_ps(unordered, _mm256_cmp_ps(x0, x1, _CMP_UNORD_Q));
    }
    for (; i < len; i += LANES) {
        const __m256i active = first_lanes(len - i);
        const __m256 loaded = _mm256_maskload_ps(x + i, active);
        max0 = _mm256_max_ps(_mm256_blendv_ps(lowest, loaded, _mm256_castsi256_ps(active)), max0);
        unordered = _mm256_or_ps(unordered, _mm256_cmp_ps(loaded, loaded, _CMP_UNORD_Q));
    }
    const __m256 largest = _mm256_set1_ps(reduce_max(_mm256_max_ps(max0, max1)));
    const int has_nan = _mm256_movemask_ps(unordered);

    size_t best = 0;
    for (i = 0; i < len; i += LANES) {
        const __m256i active = first_lanes(len - i);
        const __m256 v = _mm256_maskload_ps(x + i, active);
        const __m256 is_largest = has_nan ? _mm256_cmp_ps(v, v, _CMP_UNORD_Q) : _mm256_cmp_ps(v, largest, _CMP_EQ_OQ);
        const int found = _mm256_movemask_ps(_mm256_and_ps(is_largest, _mm256_castsi256_ps(active)));
        if (found) {
            best = i + (size_t)__builtin_ctz((unsigned)found);
            break;
        }
    }
    _mm256_zeroupper();
    return best;
}
