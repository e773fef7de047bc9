/* e^x for x in [-infinity, 0], AVX-512F. Method and error: exp_f32_constants.h. */
#ifndef KERNELS_EXP_F32_AVX512_H
#define KERNELS_EXP_F32_AVX512_H

#include <immintrin.h>

#include "exp_f32_constants.h"

/* x = n ln 2 + r: returns e^r - 1, without the rounding of e^r to a number near 1, and n. x in [EXP_LOWEST, 90]. */
static inline __m512 exp_remainder_minus_one(__m512 x, __m512 *exponent) {
    const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(EXP_LOG2E)),
                                          _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512 reduced = _mm512_fnmadd_ps(n, _mm512_set1_ps(EXP_LN2_HIGH), x);
    const __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(EXP_LN2_LOW), reduced);
    __m512 q = _mm512_set1_ps(EXP_C6);
    q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(EXP_C5));
    q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(EXP_C4));
    q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(EXP_C3));
    q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(EXP_C2));
    *exponent = n;
    return _mm512_fmadd_ps(_mm512_mul_ps(r, r), q, r);
}

/* e^x = fraction * 2^exponent with the fraction in [0.70, 1.42]. A caller with something to multiply by does so
 * before it scales, so that a subnormal result is rounded once. vmaxps returns its second operand if either is a NaN:
 * the order keeps a NaN, which then passes through everything. */
static inline __m512 exp_fraction(__m512 x, __m512 *exponent) {
    const __m512 raised = _mm512_max_ps(_mm512_set1_ps(EXP_LOWEST), x);
    return _mm512_add_ps(exp_remainder_minus_one(raised, exponent), _mm512_set1_ps(1.0f));
}

static inline __m512 exp_nonpositive(__m512 x) {
    __m512 exponent;
    const __m512 fraction = exp_fraction(x, &exponent);
    return _mm512_scalef_ps(fraction, exponent);
}

#endif
