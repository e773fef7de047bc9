/* tanh_f32, AVX-512: out[i] = tanh(x[i]).
 *
 * 1. With e = e^(-2|x|) - 1 in (-1, 0], tanh|x| = -e / (2 + e): nothing cancels, also near 0. The sign of x is put
 *    back.
 * 2. -2|x| = n ln 2 + r; e = 2^n (e^r - 1) + (2^n - 1), in which e^r - 1 is a polynomial without its 1, and 2^n - 1 is
 *    exact: for n = 0 the sum is e^r - 1 itself. Constants: exp_f32_constants.h.
 * 3. |x| is cut at 10, from where on the result is 1.
 *
 * The residue is loaded and stored under a mask: masked-off lanes do not fault and are not written.
 *
 * Worst error: 2.50 ULP at x = 0x1.205368p+2, measured over every float from 2^-31 to 100 in magnitude.
 * Conventions: -1 and 1 at the infinities, NaN at NaN. out may be x; otherwise the two may not overlap.
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

#define TANH_IS_ONE 10.0f

/* vpternlogd's table for: where the first operand has ones, the bits of the second, elsewhere those of the third. */
#define BITWISE_SELECT 0xca

static inline __m512 copy_sign(__m512 magnitude, __m512 sign) {
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_set1_epi32(0x7fffffff), _mm512_castps_si512(magnitude),
                                                         _mm512_castps_si512(sign), BITWISE_SELECT));
}

static inline __m512 evaluate(__m512 x) {
    const __m512 one = _mm512_set1_ps(1.0f);
    const __m512 magnitude = _mm512_min_ps(_mm512_set1_ps(TANH_IS_ONE), _mm512_abs_ps(x)); /* this order keeps NaN */
    __m512 n;
    const __m512 minus_one = exp_remainder_minus_one(_mm512_mul_ps(magnitude, _mm512_set1_ps(-2.0f)), &n);
    const __m512 power = _mm512_scalef_ps(one, n);
    const __m512 e = _mm512_fmadd_ps(power, minus_one, _mm512_sub_ps(power, one));
    return copy_sign(_mm512_div_ps(e, _mm512_add_ps(e, _mm512_set1_ps(2.0f))), x);
}

void tanh_f32_avx512(float *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        _mm512_mask_storeu_ps(out + i, active, evaluate(_mm512_maskz_loadu_ps(active, x + i)));
    }
    _mm256_zeroupper();
}
