/* min_f32, AVX-512: the smallest element of x.
 *
 * 1. Four vectors of running minima, 64 elements per iteration, so that four comparisons are in flight. vminps drops
 *    a NaN in one of its operands, so pairs of vectors are tested for NaN on the side.
 * 2. Single vectors, the last of them loaded under a mask, with +infinity in the lanes that are masked off.
 * 3. Reduce the vectors, then across lanes; a NaN that was seen is what is returned.
 *
 * Conventions: the minimum of nothing is +infinity. A NaN anywhere gives a NaN (quiet; sign and payload unspecified).
 * Zeros of either sign are equal, and which of them is returned is unspecified.
 * Exact: nothing is rounded.
 * Needs: AVX-512F alone. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <math.h>
#include <stddef.h>

enum { LANES = 16, BLOCK = 4 * LANES };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

float min_f32_avx512(const float *x, size_t len) {
    const __m512 highest = _mm512_set1_ps(INFINITY);
    __m512 min0 = highest, min1 = highest, min2 = highest, min3 = highest;
    unsigned unordered = 0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m512 x0 = _mm512_loadu_ps(x + i);
        const __m512 x1 = _mm512_loadu_ps(x + i + LANES);
        const __m512 x2 = _mm512_loadu_ps(x + i + 2 * LANES);
        const __m512 x3 = _mm512_loadu_ps(x + i + 3 * LANES);
        min0 = _mm512_min_ps(x0, min0);
        min1 = _mm512_min_ps(x1, min1);
        min2 = _mm512_min_ps(x2, min2);
        min3 = _mm512_min_ps(x3, min3);
        unordered |= _mm512_cmp_ps_mask(x0, x1, _CMP_UNORD_Q);
        unordered |= _mm512_cmp_ps_mask(x2, x3, _CMP_UNORD_Q);
    }
    for (; i < len; i += LANES) {
        const __m512 tail = _mm512_mask_loadu_ps(highest, first_lanes(len - i), x + i);
        min0 = _mm512_min_ps(tail, min0);
        unordered |= _mm512_cmp_ps_mask(tail, tail, _CMP_UNORD_Q);
    }

    const float smallest = _mm512_reduce_min_ps(_mm512_min_ps(_mm512_min_ps(min0, min1), _mm512_min_ps(min2, min3)));
    _mm256_zeroupper();
    return unordered ? NAN : smallest;
}
