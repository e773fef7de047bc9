/* silu_f32, AVX-512: out[i] = x[i] / (1 + e^-x[i]).
 *
 * 1. e = e^-|x| lies in [0, 1], so nothing overflows.
 * 2. For x < 0, x e / (1 + e); otherwise x / (1 + e): no cancellation in either.
 * 3. For x < 0, the power of two in e is multiplied in last, so that a subnormal result is rounded once; -infinity
 *    is raised to a finite number whose result is -0, where -infinity * 0 would be NaN.
 *
 * The residue is loaded and stored under a mask: masked-off lanes do not fault and are not written.
 *
 * Worst error: 3.11 ULP at x = -0x1.4996bap+2, measured over every float from 2^-31 to 111 in magnitude.
 * Conventions: -0 at -infinity, +infinity at +infinity, NaN at NaN. out may be x; otherwise the two may not
 * overlap.
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

static inline __m512 silu(__m512 x) {
    const __m512 raised = _mm512_max_ps(_mm512_set1_ps(EXP_LOWEST), x); /* this order keeps NaN */
    __m512 exponent;
    const __m512 fraction = exp_fraction(_mm512_sub_ps(_mm512_setzero_ps(), _mm512_abs_ps(raised)), &exponent);
    const __m512 e = _mm512_scalef_ps(fraction, exponent);
    const __m512 quotient = _mm512_div_ps(raised, _mm512_add_ps(_mm512_set1_ps(1.0f), e));
    const __m512 if_negative = _mm512_scalef_ps(_mm512_mul_ps(quotient, fraction), exponent);
    const __mmask16 negative = _mm512_cmp_ps_mask(raised, _mm512_setzero_ps(), _CMP_LT_OQ);
    return _mm512_mask_blend_ps(negative, quotient, if_negative);
}

void silu_f32_avx512(float *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        _mm512_mask_storeu_ps(out + i, active, silu(_mm512_maskz_loadu_ps(active, x + i)));
    }
    _mm256_zeroupper();
}
