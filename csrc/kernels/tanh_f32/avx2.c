/* tanh_f32, AVX2 with FMA: out[i] = tanh(x[i]).
 *
 * 1. With e = e^(-2|x|) - 1 in (-1, 0], tanh|x| = -e / (2 + e): nothing cancels, also near 0. The sign of x is put
 *    back.
 * 2. -2|x| = n ln 2 + r; e = 2^n (e^r - 1) + (2^n - 1), in which e^r - 1 is a polynomial without its 1, and 2^n - 1 is
 *    exact: for n = 0 the sum is e^r - 1 itself. Constants: exp_f32_constants.h.
 * 3. |x| is cut at 10, from where on the result is 1.
 *
 * The residue is loaded and stored under a mask: masked-off lanes do not fault and are not written.
 *
 * Worst error: 2.50 ULP at x = -0x1.205368p+2, measured over every float from 2^-31 to 100 in magnitude.
 * Conventions: -1 and 1 at the infinities, NaN at NaN. out may be x; otherwise the two may not overlap.
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

#define TANH_IS_ONE 10.0f

static inline __m256 evaluate(__m256 x) {
    const __m256 sign_bit = _mm256_set1_ps(-0.0f);
    const __m256 magnitude = _mm256_min_ps(_mm256_set1_ps(TANH_IS_ONE), _mm256_andnot_ps(sign_bit, x)); /* keeps NaN */
    const __m256 twice = _mm256_mul_ps(magnitude, _mm256_set1_ps(-2.0f));
    const __m256 n =
        _mm256_round_ps(_mm256_mul_ps(twice, _mm256_set1_ps(EXP_LOG2E)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m256 reduced = _mm256_fnmadd_ps(n, _mm256_set1_ps(EXP_LN2_HIGH), twice);
    const __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(EXP_LN2_LOW), reduced);
    __m256 q = _mm256_set1_ps(EXP_C6);
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(EXP_C5));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(EXP_C4));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(EXP_C3));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(EXP_C2));
    const __m256 minus_one = _mm256_fmadd_ps(_mm256_mul_ps(r, r), q, r);
    const __m256 power = power_of_two(_mm256_cvtps_epi32(n));
    const __m256 e = _mm256_fmadd_ps(power, minus_one, _mm256_sub_ps(power, _mm256_set1_ps(1.0f)));
    const __m256 result = _mm256_div_ps(e, _mm256_add_ps(e, _mm256_set1_ps(2.0f))); /* -tanh|x| */
    return _mm256_or_ps(_mm256_andnot_ps(sign_bit, result), _mm256_and_ps(sign_bit, x));
}

void tanh_f32_avx2(float *out, const float *x, size_t len) {
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        _mm256_storeu_ps(out + i, evaluate(_mm256_loadu_ps(x + i)));
    if (i < len) {
        const __m256i active = first_lanes(len - i);
        _mm256_maskstore_ps(out + i, active, evaluate(_mm256_maskload_ps(x + i, active)));
    }
    _mm256_zeroupper();
}
