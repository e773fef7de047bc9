/* sum_f32, AVX2: the sum of x.
 *
 * 1. Four accumulators of eight lanes, 32 elements per iteration, so that four additions are in flight.
 * 2. Single vectors, the last of them loaded under a mask: masked-off lanes read as zero and do not fault.
 * 3. Add the accumulators, then across lanes.
 *
 * Rounding (u = 2^-24): each addition rounds once, in chains of n / (32) terms; the error is bounded by u times
 * the length of the chain times the sum of |x[i]|, and is near the square root of that for signs at random. The
 * order of the terms is not that of the row, so whether an intermediate sum overflows may differ from a sequential
 * sum.
 *
 * Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum.
 * Needs: AVX2, for the integer comparison that makes the mask; the rest is AVX. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 8, BLOCK = 4 * LANES };

/* All ones in the first min(count, 8) lanes. */
static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < LANES ? (int)count : LANES), lane);
}

static inline float reduce_add(__m256 v) {
    __m128 sums = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sums = _mm_add_ps(sums, _mm_movehl_ps(sums, sums));
    sums = _mm_add_ss(sums, _mm_movehdup_ps(sums));
    return _mm_cvtss_f32(sums);
}

float sum_f32_avx2(const float *x, size_t len) {
    __m256 sum0 = _mm256_setzero_ps(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        sum0 = _mm256_add_ps(_mm256_loadu_ps(x + i), sum0);
        sum1 = _mm256_add_ps(_mm256_loadu_ps(x + i + LANES), sum1);
        sum2 = _mm256_add_ps(_mm256_loadu_ps(x + i + 2 * LANES), sum2);
        sum3 = _mm256_add_ps(_mm256_loadu_ps(x + i + 3 * LANES), sum3);
    }
    for (; i < len; i += LANES) {
        const __m256i active = first_lanes(len - i);
        sum0 = _mm256_add_ps(_mm256_maskload_ps(x + i, active), sum0);
    }

    const float sum = reduce_add(_mm256_add_ps(_mm256_add_ps(sum0, sum1), _mm256_add_ps(sum2, sum3)));
    _mm256_zeroupper();
    return sum;
}
