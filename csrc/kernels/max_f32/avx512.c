/* max_f32, AVX-512: the largest element of x.
 *
 * 1. Four vectors of running maxima, 64 elements per iteration, so that four comparisons are in flight. vmaxps drops
 *    a NaN in one of its operands, so pairs of vectors are tested for NaN on the side.
 * 2. Single vectors, the last of them loaded under a mask, with -infinity in the lanes that are masked off.
 * 3. Reduce the vectors, then across lanes; a NaN that was seen is what is returned.
 *
 * Conventions: the maximum of nothing is -infinity. A NaN anywhere gives a NaN (quiet; sign and payload unspecified).
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

float max_f32_avx512(const float *x, size_t len) {
    const __m512 lowest = _mm512_set1_ps(-INFINITY);
    __m512 max0 = lowest, max1 = lowest, max2 = lowest, max3 = lowest;
    unsigned unordered = 0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m512 x0 = _mm512_loadu_ps(x + i);
        const __m512 x1 = _mm512_loadu_ps(x + i + LANES);
        const __m512 x2 = _mm512_loadu_ps(x + i + 2 * LANES);
        const __m512 x3 = _mm512_loadu_ps(x + i + 3 * LANES);
        max0 = _mm512_max_ps(x0, max0);
        max1 = _mm512_max_ps(x1, max1);
        max2 = _mm512_max_ps(x2, max2);
        max3 = _mm512_max_ps(x3, max3);
        unordered |= _mm512_cmp_ps_mask(x0, x1, _CMP_UNORD_Q);
        unordered |= _mm512_cmp_ps_mask(x2, x3, _CMP_UNORD_Q);
    }
    for (; i < len; i += LANES) {
        const __m512 tail = _mm512_mask_loadu_ps(lowest, first_lanes(len - i), x + i);
        max0 = _mm512_max_ps(tail, max0);
        unordered |= _mm512_cmp_ps_mask(tail, tail, _CMP_UNORD_Q);
    }

    const float largest = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_max_ps(max0, max1), _mm512_max_ps(max2, max3)));
    _mm256_zeroupper();
    return unordered ? NAN : largest;
}
