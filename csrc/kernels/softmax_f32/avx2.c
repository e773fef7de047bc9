/* softmax_f32, AVX2 with FMA: row[i] = e^row[i] / sum(e^row), in place.
 *
 * 1. The largest element m: e^(x - m) is at most 1 and cannot overflow.
 * 2. Replace each x by e^(x - m), and sum them, in two accumulators of eight lanes, because the exponential keeps
 *    the core busy enough.
 * 3. Multiply by the reciprocal of the sum, which is at least 1.
 *
 * The residue is loaded and stored under a mask; its masked-off lanes are filled up with -infinity, whose
 * exponential is 0.
 *
 * Rounding (u = 2^-24): x - m rounds once, which e^x turns into up to |x - m| u of relative error; the exponential
 * (1.01 ULP); the sum, of non-negative terms; u each from reciprocal and product. Results lie within [0, 1], and
 * underflow gradually.
 * Conventions: an empty row is left alone. A NaN or +infinity anywhere, or -infinity everywhere, makes the whole
 * row NaN, as the formula does; -infinity among finite elements gives 0.
 * Needs: AVX2 and FMA. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <math.h>
#include <stddef.h>

#include "../common/exp_f32_avx2.h"

enum { LANES = 8, BLOCK = 2 * LANES };

/* All ones in the first min(count, 8) lanes. */
static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < LANES ? (int)count : LANES), lane);
}

static inline __m256 load_or_lowest(const float *x, __m256i active) {
    return _mm256_blendv_ps(_mm256_set1_ps(-INFINITY), _mm256_maskload_ps(x, active), _mm256_castsi256_ps(active));
}

static inline float reduce_add(__m256 v) {
    __m128 sums = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sums = _mm_add_ps(sums, _mm_movehl_ps(sums, sums));
    sums = _mm_add_ss(sums, _mm_movehdup_ps(sums));
    return _mm_cvtss_f32(sums);
}

static inline float reduce_max(__m256 v) {
    __m128 largest = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    largest = _mm_max_ps(largest, _mm_movehl_ps(largest, largest));
    largest = _mm_max_ss(largest, _mm_movehdup_ps(largest));
    return _mm_cvtss_f32(largest);
}

/* maxps drops a NaN in its first operand: the maximum is one of the numbers, and the NaN reaches every element through
 * the sum. */
static inline float largest_of(const float *row, size_t len) {
    __m256 max0 = _mm256_set1_ps(-INFINITY), max1 = max0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        max0 = _mm256_max_ps(_mm256_loadu_ps(row + i), max0);
        max1 = _mm256_max_ps(_mm256_loadu_ps(row + i + LANES), max1);
    }
    for (; i < len; i += LANES)
        max0 = _mm256_max_ps(load_or_lowest(row + i, first_lanes(len - i)), max0);
    return reduce_max(_mm256_max_ps(max0, max1));
}

void softmax_f32_avx2(float *row, size_t len) {
    const __m256 largest = _mm256_set1_ps(largest_of(row, len));

    __m256 sum0 = _mm256_setzero_ps(), sum1 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m256 e0 = exp_nonpositive(_mm256_sub_ps(_mm256_loadu_ps(row + i), largest));
        const __m256 e1 = exp_nonpositive(_mm256_sub_ps(_mm256_loadu_ps(row + i + LANES), largest));
        _mm256_storeu_ps(row + i, e0);
        _mm256_storeu_ps(row + i + LANES, e1);
        sum0 = _mm256_add_ps(sum0, e0);
        sum1 = _mm256_add_ps(sum1, e1);
    }
    for (; i < len; i += LANES) {
        const __m256i active = first_lanes(len - i);
        const __m256 e = exp_nonpositive(_mm256_sub_ps(load_or_lowest(row + i, active), largest));
        _mm256_maskstore_ps(row + i, active, e);
        sum0 = _mm256_add_ps(sum0, e);
    }

    const __m256 scale = _mm256_set1_ps(1.0f / reduce_add(_mm256_add_ps(sum0, sum1)));
    for (i = 0; i < len; i += LANES) {
        const __m256i active = first_lanes(len - i);
        _mm256_maskstore_ps(row + i, active, _mm256_mul_ps(_mm256_maskload_ps(row + i, active), scale));
    }
    _mm256_zeroupper();
}
