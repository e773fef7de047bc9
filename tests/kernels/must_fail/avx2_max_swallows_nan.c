/* NaN swallowed: maxps returns its second operand if either is a NaN, so a NaN in the row disappears.
 *
 * Every row of numbers is right.
 *
 * maxps drops a NaN: only a NaN in the input shows it.
 *
 * It takes special values to show.
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

float avx2_max_swallows_nan(const float *x, size_t len) {
    const __m256 lowest = _mm256_set1_ps(-INFINITY);
    __m256 max0 = lowest;
    size_t i = 0;
    for (; i < len; i += 8) {
        const __m256i active = first_lanes(len - i);
        const __m256 loaded = _mm256_maskload_ps(x + i, active);
        const __m256 v = _mm256_blendv_ps(lowest, loaded, _mm256_castsi256_ps(active));
        max0 = _mm256_max_ps(v, max0);
    }
    const float largest = reduce_max(max0);
    _mm256_zeroupper();
    return largest;
}
