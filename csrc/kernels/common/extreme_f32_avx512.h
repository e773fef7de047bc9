/* The largest or the smallest element of a row, AVX-512: what max_f32 and min_f32 share. The includer defines
 * EXTREME_OF_NOTHING, EXTREME and EXTREME_ACROSS.
 *
 * 1. Four vectors of running extremes, 64 elements per iteration, so that four comparisons are in flight. vmaxps and
 *    vminps drop a NaN in one operand, so pairs of vectors are tested for NaN on the side.
 * 2. Single vectors, the last of them loaded under a mask, with EXTREME_OF_NOTHING in the lanes that are masked off.
 * 3. Reduce the vectors, then across lanes; a NaN that was seen is what is returned.
 */
#ifndef KERNELS_EXTREME_F32_AVX512_H
#define KERNELS_EXTREME_F32_AVX512_H

#include <immintrin.h>
#include <math.h>
#include <stddef.h>

enum { LANES = 16, BLOCK = 4 * LANES };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

static inline float extreme_f32(const float *x, size_t len) {
    const __m512 nothing = _mm512_set1_ps(EXTREME_OF_NOTHING);
    __m512 extreme0 = nothing, extreme1 = nothing, extreme2 = nothing, extreme3 = nothing;
    unsigned unordered = 0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m512 x0 = _mm512_loadu_ps(x + i);
        const __m512 x1 = _mm512_loadu_ps(x + i + LANES);
        const __m512 x2 = _mm512_loadu_ps(x + i + 2 * LANES);
        const __m512 x3 = _mm512_loadu_ps(x + i + 3 * LANES);
        extreme0 = EXTREME(x0, extreme0);
        extreme1 = EXTREME(x1, extreme1);
        extreme2 = EXTREME(x2, extreme2);
        extreme3 = EXTREME(x3, extreme3);
        unordered |= _mm512_cmp_ps_mask(x0, x1, _CMP_UNORD_Q);
        unordered |= _mm512_cmp_ps_mask(x2, x3, _CMP_UNORD_Q);
    }
    for (; i < len; i += LANES) {
        const __m512 tail = _mm512_mask_loadu_ps(nothing, first_lanes(len - i), x + i);
        extreme0 = EXTREME(tail, extreme0);
        unordered |= _mm512_cmp_ps_mask(tail, tail, _CMP_UNORD_Q);
    }

    const float extreme = EXTREME_ACROSS(EXTREME(EXTREME(extreme0, extreme1), EXTREME(extreme2, extreme3)));
    _mm256_zeroupper();
    return unordered ? NAN : extreme;
}

#endif
