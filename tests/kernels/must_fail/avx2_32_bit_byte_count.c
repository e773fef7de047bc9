/* Narrow size: the end of the row is found with an unsigned 32-bit number of bytes.
 *
 * Right up to 2^32 bytes; of a row of 2^32 + 20 bytes it looks at the first five elements.
 *
 * An unsigned 32-bit byte count: wrong from 2^32 bytes on.
 *
 * KERNEL: op = "max_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--case huge/len1073741829-sparse1073741828"
 */
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

static inline __m256 larger(__m256 largest, __m256 x) {
    const __m256 either = _mm256_max_ps(largest, x);
    return _mm256_blendv_ps(either, x, _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
}

float avx2_32_bit_byte_count(const float *x, size_t len) {
    const uint32_t bytes = (uint32_t)(len * sizeof(float));
    const float *end = (const float *)((const char *)x + bytes);
    __m256 lanes = _mm256_set1_ps(-INFINITY);
    float largest = -INFINITY;
    for (; end - x >= 8; x += 8)
        lanes = _mm256_blendv_ps(larger(lanes, _mm256_loadu_ps(x)), lanes, _mm256_cmp_ps(lanes, lanes, _CMP_UNORD_Q));
    float found[8];
    _mm256_storeu_ps(found, lanes);
    _mm256_zeroupper();
    for (int i = 0; i < 8; i++)
        largest = isnan(largest) || found[i] <= largest ? largest : found[i];
    for (; x < end; x++)
        largest = isnan(largest) || *x <= largest ? largest : *x;
    return largest;
}
