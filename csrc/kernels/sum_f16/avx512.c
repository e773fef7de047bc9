/* sum_f16, AVX-512: the sum of a row in half precision, added up and returned in float.
 *
 * 1. Four accumulators of sixteen lanes, 64 elements per iteration, so that four additions are in flight; halves are
 *    widened to float as they are loaded (vcvtph2ps).
 * 2. Single vectors, the last of them loaded under a mask of 16-bit lanes: masked-off lanes read as zero and do not
 *    fault.
 * 3. Add the accumulators, then across lanes.
 *
 * Rounding (u = 2^-24): widening is exact; each addition rounds once, in chains of n / 64 terms.
 * Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum.
 * Needs: AVX-512F; BW and VL for the mask. No alignment beyond that of two bytes.
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

enum { LANES = 16, BLOCK = 4 * LANES };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

static inline __m512 load_half(const uint16_t *x) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)x));
}

float sum_f16_avx512(const uint16_t *x, size_t len) {
    __m512 sum0 = _mm512_setzero_ps(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        sum0 = _mm512_add_ps(sum0, load_half(x + i));
        sum1 = _mm512_add_ps(sum1, load_half(x + i + LANES));
        sum2 = _mm512_add_ps(sum2, load_half(x + i + 2 * LANES));
        sum3 = _mm512_add_ps(sum3, load_half(x + i + 3 * LANES));
    }
    for (; i < len; i += LANES)
        sum0 = _mm512_add_ps(sum0, _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first_lanes(len - i), x + i)));

    const float sum = _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sum0, sum1), _mm512_add_ps(sum2, sum3)));
    _mm256_zeroupper();
    return sum;
}
