/* e^x for x in [-infinity, 0], AVX2 with FMA. Method and error: exp_f32_constants.h. */
#ifndef KERNELS_EXP_F32_AVX2_H
#define KERNELS_EXP_F32_AVX2_H

#include <immintrin.h>

#include "exp_f32_constants.h"

/* e^x = fraction * 2^exponent with the fraction in [0.70, 1.42]. A caller with something to multiply by does so
 * before it scales, so that a subnormal result is rounded once. maxps returns its second operand if either is a NaN:
 * the order keeps a NaN, which then passes through everything. */
static inline __m256 exp_fraction(__m256 x, __m256i *exponent) {
    const __m256 raised = _mm256_max_ps(_mm256_set1_ps(EXP_LOWEST), x);
    const __m256 n = _mm256_round_ps(_mm256_mul_ps(raised, _mm256_set1_ps(EXP_LOG2E)),
                                     _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m256 reduced = _mm256_fnmadd_ps(n, _mm256_set1_ps(EXP_LN2_HIGH), raised);
    const __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(EXP_LN2_LOW), reduced);
    __m256 q = _mm256_set1_ps(EXP_C6);
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(EXP_C5));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(EXP_C4));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(EXP_C3));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(EXP_C2));
    const __m256 minus_one = _mm256_fmadd_ps(_mm256_mul_ps(r, r), q, r);
    *exponent = _mm256_cvtps_epi32(n);
    return _mm256_add_ps(minus_one, _mm256_set1_ps(1.0f));
}

static inline __m256 power_of_two(__m256i exponent) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(exponent, _mm256_set1_epi32(127)), 23));
}

/* v * 2^exponent: the first of the two factors leaves v normal, so only the second product rounds. */
static inline __m256 scale_by_power(__m256 v, __m256i exponent) {
    const __m256i half = _mm256_srai_epi32(exponent, 1);
    return _mm256_mul_ps(_mm256_mul_ps(v, power_of_two(half)), power_of_two(_mm256_sub_epi32(exponent, half)));
}

static inline __m256 exp_nonpositive(__m256 x) {
    __m256i exponent;
    const __m256 fraction = exp_fraction(x, &exponent);
    return scale_by_power(fraction, exponent);
}

#endif
