/* gelu_f32, AVX2 with FMA: GELU in its tanh form, x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
 *
 * 1. x (1 + tanh u) / 2 = x / (1 + e^-v) with u = sqrt(2 / pi) (x + 0.044715 x^3) and v = 2 u. e = e^-|v| lies in
 *    [0, 1], so nothing overflows.
 * 2. For x < 0, x e / (1 + e); otherwise x / (1 + e): no cancellation in either.
 * 3. For x < 0, the power of two in e is multiplied in last, so that a subnormal result is rounded once; -infinity is
 *    raised to -12, where the result is -0 already.
 *
 * The residue is loaded and stored under a mask: masked-off lanes do not fault and are not written.
 *
 * Worst error: 13.75 ULP for |x| < 3, at -0x1.7dc60ap+1, and 215 ULP at -0x1.4150cp+3, where v is -88: the roundings of
 * v, relative to it, are those of e^-v times |v|. Measured over every float from 2^-31 to 100 in magnitude.
 * Conventions: -0 at -infinity, +infinity at +infinity, NaN at NaN. out may be x; otherwise the two may not
 * overlap.
 * Needs: AVX2 and FMA. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <stddef.h>

#include "../common/exp_f32_avx2.h"

enum { LANES = 8 };

/* All ones in the first min(count, 8) lanes. */
static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < LANES ? (int)count : LANES), lane);
}

#define GELU_LOWEST (-12.0f)
#define GELU_LINEAR 1.595769122f  /* 2 sqrt(2 / pi) */
#define GELU_CUBIC 0.07135481628f /* 0.044715 times that */

static inline __m256 evaluate(__m256 x) {
    const __m256 raised = _mm256_max_ps(_mm256_set1_ps(GELU_LOWEST), x); /* this order keeps NaN */
    const __m256 square = _mm256_mul_ps(raised, raised);
    const __m256 slope = _mm256_fmadd_ps(square, _mm256_set1_ps(GELU_CUBIC), _mm256_set1_ps(GELU_LINEAR));
    const __m256 v = _mm256_mul_ps(raised, slope);
    __m256i exponent;
    const __m256 fraction = exp_fraction(_mm256_or_ps(v, _mm256_set1_ps(-0.0f)), &exponent);
    const __m256 e = scale_by_power(fraction, exponent);
    const __m256 quotient = _mm256_div_ps(raised, _mm256_add_ps(_mm256_set1_ps(1.0f), e));
    const __m256 if_negative = scale_by_power(_mm256_mul_ps(quotient, fraction), exponent);
    return _mm256_blendv_ps(quotient, if_negative, raised); /* by the sign: at -0, the two agree */
}

void gelu_f32_avx2(float *out, const float *x, size_t len) {
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        _mm256_storeu_ps(out + i, evaluate(_mm256_loadu_ps(x + i)));
    if (i < len) {
        const __m256i active = first_lanes(len - i);
        _mm256_maskstore_ps(out + i, active, evaluate(_mm256_maskload_ps(x + i, active)));
    }
    _mm256_zeroupper();
}
