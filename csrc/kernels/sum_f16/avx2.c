/* sum_f16, AVX2 with F16C: the sum of a row in half precision, added up and returned in float.
 *
 * Two accumulators of eight lanes; the residue goes through a vector on the stack, filled up with zeros, since AVX2 has
 * no mask for 16 bits.
 *
 * Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum.
 * Needs: AVX2 and F16C. No alignment beyond that of two bytes.
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* F16C came with Ivy Bridge, before AVX2: every processor that has AVX2 has it. */
#define HALF __attribute__((target("avx2,fma,f16c")))

enum { LANES = 8, BLOCK = 2 * LANES };

HALF static inline float reduce_add(__m256 v) {
    __m128 sums = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sums = _mm_add_ps(sums, _mm_movehl_ps(sums, sums));
    sums = _mm_add_ss(sums, _mm_movehdup_ps(sums));
    return _mm_cvtss_f32(sums);
}

HALF static inline __m256 load_half(const uint16_t *x) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)x));
}

HALF float sum_f16_avx2(const uint16_t *x, size_t len) {
    __m256 sum0 = _mm256_setzero_ps(), sum1 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        sum0 = _mm256_add_ps(sum0, load_half(x + i));
        sum1 = _mm256_add_ps(sum1, load_half(x + i + LANES));
    }
    for (; i < len; i += LANES) {
        uint16_t tail[LANES] = {0};
        memcpy(tail, x + i, (len - i < LANES ? len - i : LANES) * sizeof *x);
        sum0 = _mm256_add_ps(sum0, load_half(tail));
    }
    const float sum = reduce_add(_mm256_add_ps(sum0, sum1));
    _mm256_zeroupper();
    return sum;
}
