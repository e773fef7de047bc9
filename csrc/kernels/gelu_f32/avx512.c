/* gelu_f32, AVX-512: GELU in its tanh form, x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
 *
 * 1. x (1 + tanh u) / 2 = x / (1 + e^-v) with u = sqrt(2 / pi) (x + 0.044715 x^3) and v = 2 u. e = e^-|v| lies in
 *    [0, 1], so nothing overflows.
 * 2. For x < 0, x e / (1 + e); otherwise x / (1 + e): no cancellation in either.
 * 3. For x < 0, the power of two in e is multiplied in last, so that a subnormal result is rounded once; -infinity is
 *    raised to -12, where the result is -0 already.
 *
 * The residue is loaded and stored under a mask: masked-off lanes do not fault and are not written.
 *
 * Worst error: 13.8 ULP for |x| < 3, at -0x1.7dc60ap+1, and 215 ULP at -0x1.4150c0p+3, where |v| is 88: the roundings
 * of v, relative to it, are those of e^-v times |v|. Measured over every float from 2^-31 to 100 in magnitude.
 * Conventions: -0 at -infinity, +infinity at +infinity, NaN at NaN. out may be x; otherwise the two may not overlap.
 * Needs: AVX-512F alone. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <stddef.h>

#include "../common/exp_f32_avx512.h"

enum { LANES = 16 };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

#define GELU_LOWEST (-12.0f)
#define GELU_LINEAR 1.595769122f  /* 2 sqrt(2 / pi) */
#define GELU_CUBIC 0.07135481628f /* 0.044715 times that */

static inline __m512 evaluate(__m512 x) {
    const __m512 raised = _mm512_max_ps(_mm512_set1_ps(GELU_LOWEST), x); /* this order keeps NaN */
    const __m512 square = _mm512_mul_ps(raised, raised);
    const __m512 slope = _mm512_fmadd_ps(square, _mm512_set1_ps(GELU_CUBIC), _mm512_set1_ps(GELU_LINEAR));
    const __m512 v = _mm512_mul_ps(raised, slope);
    __m512 exponent;
    const __m512 fraction = exp_fraction(_mm512_sub_ps(_mm512_setzero_ps(), _mm512_abs_ps(v)), &exponent);
    const __m512 e = _mm512_scalef_ps(fraction, exponent);
    const __m512 quotient = _mm512_div_ps(raised, _mm512_add_ps(_mm512_set1_ps(1.0f), e));
    const __m512 if_negative = _mm512_scalef_ps(_mm512_mul_ps(quotient, fraction), exponent);
    const __mmask16 negative = _mm512_cmp_ps_mask(raised, _mm512_setzero_ps(), _CMP_LT_OQ);
    return _mm512_mask_blend_ps(negative, quotient, if_negative);
}

void gelu_f32_avx512(float *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        _mm512_mask_storeu_ps(out + i, active, evaluate(_mm512_maskz_loadu_ps(active, x + i)));
    }
    _mm256_zeroupper();
}
