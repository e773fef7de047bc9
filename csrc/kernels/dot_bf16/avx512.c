/* dot_bf16, AVX-512: the sum of x[i] * y[i] of bfloat16, added up and returned in float.
 *
 * 1. A bfloat16 is the upper half of a float. Of the 32 in a register, those at odd places are floats once the lower
 *    halves are cleared, those at even places once they are moved up: two vectors of floats, in the same order for x
 *    and y, without a permutation, and without the BF16 extension, whose instructions flush subnormals.
 * 2. Four accumulators of sixteen lanes, 64 elements per iteration, so that four multiply-adds are in flight.
 * 3. Single registers, the last of them loaded under a mask of 16-bit lanes: masked-off lanes read as zero and do not
 *    fault.
 * 4. Add the accumulators, then across lanes.
 *
 * Rounding (u = 2^-24): products are exact; each addition rounds once, in chains of n / 64 terms.
 * Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum.
 * Needs: AVX-512F; BW for the mask. No alignment beyond that of two bytes.
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

enum { PER_REGISTER = 32, BLOCK = 2 * PER_REGISTER, HALF_BITS = 16 };

/* Ones for the first min(count, 32) elements. */
static inline __mmask32 first_elements(size_t count) {
    return count < PER_REGISTER ? ((__mmask32)1 << count) - 1u : 0xffffffffu;
}

static inline __m512 even(__m512i brains) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(brains, HALF_BITS));
}

static inline __m512 odd(__m512i brains) {
    return _mm512_castsi512_ps(_mm512_and_si512(brains, _mm512_set1_epi32((int)0xffff0000u)));
}

float dot_bf16_avx512(const uint16_t *x, const uint16_t *y, size_t len) {
    __m512 sum0 = _mm512_setzero_ps(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m512i x0 = _mm512_loadu_si512(x + i), x1 = _mm512_loadu_si512(x + i + PER_REGISTER);
        const __m512i y0 = _mm512_loadu_si512(y + i), y1 = _mm512_loadu_si512(y + i + PER_REGISTER);
        sum0 = _mm512_fmadd_ps(even(x0), even(y0), sum0);
        sum1 = _mm512_fmadd_ps(odd(x0), odd(y0), sum1);
        sum2 = _mm512_fmadd_ps(even(x1), even(y1), sum2);
        sum3 = _mm512_fmadd_ps(odd(x1), odd(y1), sum3);
    }
    for (; i < len; i += PER_REGISTER) {
        const __mmask32 active = first_elements(len - i);
        const __m512i x0 = _mm512_maskz_loadu_epi16(active, x + i), y0 = _mm512_maskz_loadu_epi16(active, y + i);
        sum0 = _mm512_fmadd_ps(even(x0), even(y0), sum0);
        sum1 = _mm512_fmadd_ps(odd(x0), odd(y0), sum1);
    }

    const float sum = _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sum0, sum1), _mm512_add_ps(sum2, sum3)));
    _mm256_zeroupper();
    return sum;
}
