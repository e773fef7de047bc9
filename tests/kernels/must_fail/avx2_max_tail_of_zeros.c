/* Wrong neutral element in the tail: masked-off lanes are loaded as zeros and take part in the maximum.
 *
 * Shows on rows of negative numbers whose size is no multiple of 8.
 *
 * The zeros of a masked load in a maximum: wrong for negative rows with a residue.
 *
 * KERNEL: op = "max_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < 8 ? (int)count : 8), lane);
}

static inline float reduce_max(__m256 v) {
    __m128 largest = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    largest = _mm_max_ps(largest, _mm_movehl_ps(largest, largest));
    largest = _mm_max_ss(largest, _mm_movehdup_ps(largest));
    return _mm_cvtss_f32(largest);
}

float avx2_max_tail_of_zeros(const float *x, size_t len) {
    const __m256 lowest = _mm256_set1_ps(-INFINITY);
    __m256 max0 = lowest, unordered = _mm256_setzero_ps();
    size_t i = 0;
    for (; i < len; i += 8) {
        const __m256i active = first_lanes(len - i);
        const __m256 v = _mm256_maskload_ps(x + i, active);
        max0 = _mm256_max_ps(v, max0);
        unordered = _mm256_or_ps(unordered, _mm256_cmp_ps(v, v, _CMP_UNORD_Q));
    }
    const float largest = reduce_max(max0);
    const int has_nan = _mm256_movemask_ps(unordered) != 0;
    _mm256_zeroupper();
    return has_nan ? NAN : largest;
}
