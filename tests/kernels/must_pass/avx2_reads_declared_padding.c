/* Right although it loads before it masks: the contract declares that elements behind the row may be read, and the
 * mask keeps them out of the sum, NaN or not.
 *
 * KERNEL: op = "padded_sum_f32"
 */
#include <immintrin.h>
#include <stddef.h>

static inline float reduce_add(__m256 v) {
    __m128 sums = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sums = _mm_add_ps(sums, _mm_movehl_ps(sums, sums));
    sums = _mm_add_ss(sums, _mm_movehdup_ps(sums));
    return _mm_cvtss_f32(sums);
}

float avx2_reads_declared_padding(const float *x, size_t len) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256 sum = _mm256_setzero_ps();
    for (size_t i = 0; i < len; i += 8) {
        const __m256i active = _mm256_cmpgt_epi32(_mm256_set1_epi32(len - i < 8 ? (int)(len - i) : 8), lane);
        sum = _mm256_add_ps(sum, _mm256_and_ps(_mm256_loadu_ps(x + i), _mm256_castsi256_ps(active)));
    }
    const float total = reduce_add(sum);
    _mm256_zeroupper();
    return total;
}
