/* sum_f32, AVX-512: the sum of x.
 *
 * 1. Four accumulators of sixteen lanes, 64 elements per iteration, so that four additions are in flight.
 * 2. Single vectors, the last of them loaded under a mask: masked-off lanes read as zero and do not fault.
 * 3. Add the accumulators, then across lanes.
 *
 * Rounding (u = 2^-24): each addition rounds once, in chains of n / (64) terms; the error is bounded by u times
 * the length of the chain times the sum of |x[i]|, and is near the square root of that for signs at random. The
 * order of the terms is not that of the row, so whether an intermediate sum overflows may differ from a sequential
 * sum.
 *
 * Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum.
 * Needs: AVX-512F alone. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16, BLOCK = 4 * LANES };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

float sum_f32_avx512(const float *x, size_t len) {
    __m512 sum0 = _mm512_setzero_ps(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        sum0 = _mm512_add_ps(_mm512_loadu_ps(x + i), sum0);
        sum1 = _mm512_add_ps(_mm512_loadu_ps(x + i + LANES), sum1);
        sum2 = _mm512_add_ps(_mm512_loadu_ps(x + i + 2 * LANES), sum2);
        sum3 = _mm512_add_ps(_mm512_loadu_ps(x + i + 3 * LANES), sum3);
    }
    for (; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        sum0 = _mm512_add_ps(_mm512_maskz_loadu_ps(active, x + i), sum0);
    }

    const float sum = _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sum0, sum1), _mm512_add_ps(sum2, sum3)));
    _mm256_zeroupper();
    return sum;
}
