/* Narrow size: the number of bytes is kept in a signed 32-bit integer.
 *
 * A row of 2^31 bytes has a negative size, and nothing of it is summed. Every shorter row is right.
 *
 * A signed 32-bit byte count: wrong from 2^31 bytes on.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--case huge/len536870915-sparse"
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

static inline __m256i first_lanes(size_t count) {
    static const int32_t ones_then_zeros[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256((const __m256i *)(ones_then_zeros + 8 - (count < 8 ? count : 8)));
}

static inline float reduce_add(__m256 v) {
    __m128 sums = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sums = _mm_add_ps(sums, _mm_movehl_ps(sums, sums));
    sums = _mm_add_ss(sums, _mm_movehdup_ps(sums));
    return _mm_cvtss_f32(sums);
}

float avx2_31_bit_byte_count(const float *x, size_t len) {
    __m256 sum0 = _mm256_setzero_ps(), sum1 = sum0;
    const int32_t bytes = (int32_t)(len * sizeof(float));
    size_t i = 0;
    for (; (int64_t)(i + 16) * 4 <= bytes; i += 16) {
        sum0 = _mm256_add_ps(sum0, _mm256_loadu_ps(x + i));
        sum1 = _mm256_add_ps(sum1, _mm256_loadu_ps(x + i + 8));
    }
    for (; (int64_t)i * 4 < bytes; i += 8)
        sum0 = _mm256_add_ps(sum0, _mm256_maskload_ps(x + i, first_lanes(len - i)));
    const float sum = reduce_add(_mm256_add_ps(sum0, sum1));
    _mm256_zeroupper();
    return sum;
}
