/* dot_bf16, AVX2 with FMA: the sum of x[i] * y[i] of bfloat16, added up and returned in float.
 *
 * A bfloat16 is the upper half of a float: elements are widened to 32 bits and moved up there. Two accumulators of
 * eight lanes; the residue goes through vectors on the stack, filled up with zeros, since AVX2 has no mask for 16 bits.
 *
 * Rounding (u = 2^-24): products are exact; each addition rounds. The sum of nothing is +0.
 * Needs: AVX2 and FMA. No alignment beyond that of two bytes.
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LANES = 8, BLOCK = 2 * LANES };

static inline float reduce_add(__m256 v) {
    __m128 sums = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sums = _mm_add_ps(sums, _mm_movehl_ps(sums, sums));
    sums = _mm_add_ss(sums, _mm_movehdup_ps(sums));
    return _mm_cvtss_f32(sums);
}

static inline __m256 load_brain(const uint16_t *x) {
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)x));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}

float dot_bf16_avx2(const uint16_t *x, const uint16_t *y, size_t len) {
    __m256 sum0 = _mm256_setzero_ps(), sum1 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        sum0 = _mm256_fmadd_ps(load_brain(x + i), load_brain(y + i), sum0);
        sum1 = _mm256_fmadd_ps(load_brain(x + i + LANES), load_brain(y + i + LANES), sum1);
    }
    for (; i < len; i += LANES) {
        const size_t count = len - i < LANES ? len - i : LANES;
        uint16_t tail_x[LANES] = {0}, tail_y[LANES] = {0};
        memcpy(tail_x, x + i, count * sizeof *x);
        memcpy(tail_y, y + i, count * sizeof *y);
        sum0 = _mm256_fmadd_ps(load_brain(tail_x), load_brain(tail_y), sum0);
    }
    const float sum = reduce_add(_mm256_add_ps(sum0, sum1));
    _mm256_zeroupper();
    return sum;
}
