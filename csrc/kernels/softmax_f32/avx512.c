/* softmax_f32, AVX-512: row[i] = e^row[i] / sum(e^row), in place.
 *
 * 1. The largest element m: e^(x - m) is at most 1 and cannot overflow.
 * 2. Replace each x by e^(x - m), and sum them, in two accumulators of sixteen lanes, because the exponential
 *    keeps the core busy enough.
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
 * Needs: AVX-512F alone. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <math.h>
#include <stddef.h>

#include "../common/exp_f32_avx512.h"

enum { LANES = 16, BLOCK = 2 * LANES };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

/* vmaxps drops a NaN in its first operand: the maximum is one of the numbers, and the NaN reaches every element through
 * the sum. */
static inline float largest_of(const float *row, size_t len) {
    const __m512 lowest = _mm512_set1_ps(-INFINITY);
    __m512 max0 = lowest, max1 = lowest;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        max0 = _mm512_max_ps(_mm512_loadu_ps(row + i), max0);
        max1 = _mm512_max_ps(_mm512_loadu_ps(row + i + LANES), max1);
    }
    for (; i < len; i += LANES)
        max0 = _mm512_max_ps(_mm512_mask_loadu_ps(lowest, first_lanes(len - i), row + i), max0);
    return _mm512_reduce_max_ps(_mm512_max_ps(max0, max1));
}

void softmax_f32_avx512(float *row, size_t len) {
    const __m512 lowest = _mm512_set1_ps(-INFINITY);
    const __m512 largest = _mm512_set1_ps(largest_of(row, len));

    __m512 sum0 = _mm512_setzero_ps(), sum1 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m512 e0 = exp_nonpositive(_mm512_sub_ps(_mm512_loadu_ps(row + i), largest));
        const __m512 e1 = exp_nonpositive(_mm512_sub_ps(_mm512_loadu_ps(row + i + LANES), largest));
        _mm512_storeu_ps(row + i, e0);
        _mm512_storeu_ps(row + i + LANES, e1);
        sum0 = _mm512_add_ps(sum0, e0);
        sum1 = _mm512_add_ps(sum1, e1);
    }
    for (; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        const __m512 x = _mm512_mask_loadu_ps(lowest, active, row + i);
        const __m512 e = exp_nonpositive(_mm512_sub_ps(x, largest));
        _mm512_mask_storeu_ps(row + i, active, e);
        sum0 = _mm512_add_ps(sum0, e);
    }

    const __m512 scale = _mm512_set1_ps(1.0f / _mm512_reduce_add_ps(_mm512_add_ps(sum0, sum1)));
    for (i = 0; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        _mm512_mask_storeu_ps(row + i, active, _mm512_mul_ps(_mm512_maskz_loadu_ps(active, row + i), scale));
    }
    _mm256_zeroupper();
}
