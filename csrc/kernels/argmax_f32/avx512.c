/* argmax_f32, AVX-512: the index of the largest element of x.
 *
 * 1. The maximum, in four vectors, 64 elements per iteration, and on the side whether there is a NaN, which vmaxps
 *    drops in one of its operands.
 * 2. The first element that is equal to it, or the first NaN: the row is read once more up to there, which keeps index
 *    vectors, and their 32 bits for rows that are longer, out of the first loop.
 *
 * The residue is loaded under a mask, with -infinity in the lanes that are masked off; these are no candidates.
 *
 * Conventions: of equal elements the first; zeros of either sign are equal. The first NaN, if there is one, is the
 * largest. 0 for an empty row.
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

/* The largest number of the row; *has_nan is not 0 if there is a NaN. */
static inline float largest_of(const float *x, size_t len, unsigned *has_nan) {
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
    *has_nan = unordered;
    return _mm512_reduce_max_ps(_mm512_max_ps(_mm512_max_ps(max0, max1), _mm512_max_ps(max2, max3)));
}

size_t argmax_f32_avx512(const float *x, size_t len) {
    unsigned has_nan;
    const __m512 largest = _mm512_set1_ps(largest_of(x, len, &has_nan));

    size_t best = 0;
    for (size_t i = 0; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        const __m512 v = _mm512_maskz_loadu_ps(active, x + i);
        const unsigned found = has_nan ? _mm512_mask_cmp_ps_mask(active, v, v, _CMP_UNORD_Q)
                                       : _mm512_mask_cmp_ps_mask(active, v, largest, _CMP_EQ_OQ);
        if (found) {
            best = i + (size_t)__builtin_ctz(found);
            break;
        }
    }
    _mm256_zeroupper();
    return best;
}
