/* sigmoid_f32, AVX-512: out[i] = 1 / (1 + e^-x[i]).
 *
 * 1. e = e^-|x| lies in [0, 1], so nothing overflows.
 * 2. For x < 0, e / (1 + e); otherwise 1 / (1 + e). Both stay within [0, 1] after rounding, and neither cancels.
 *
 * The residue is loaded and stored under a mask: masked-off lanes do not fault and are not written.
 *
 * Worst error: 2.41 ULP at x = -0x1.0a111ap+2, measured over every float from 2^-31 to 111 in magnitude.
 * Conventions: 0 at -infinity, 1 at +infinity, NaN at NaN. out may be x; otherwise the two may not overlap.
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

static inline __m512 sigmoid(__m512 x) {
    const __m512 one = _mm512_set1_ps(1.0f);
    const __m512 e = exp_nonpositive(_mm512_sub_ps(_mm512_setzero_ps(), _mm512_abs_ps(x)));
    const __mmask16 negative = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
    const __m512 numerator = _mm512_mask_blend_ps(negative, one, e);
    return _mm512_div_ps(numerator, _mm512_add_ps(one, e));
}

void sigmoid_f32_avx512(float *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        _mm512_mask_storeu_ps(out + i, active, sigmoid(_mm512_maskz_loadu_ps(active, x + i)));
    }
    _mm256_zeroupper();
}
