/* silu_f32, AVX2 with FMA: out[i] = x[i] / (1 + e^-x[i]).
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

static inline __m256 silu(__m256 x) {
    const __m256 raised = _mm256_max_ps(_mm256_set1_ps(EXP_LOWEST), x); /* this order keeps NaN */
    __m256i exponent;
    const __m256 fraction = exp_fraction(_mm256_or_ps(raised, _mm256_set1_ps(-0.0f)), &exponent);
    const __m256 e = scale_by_power(fraction, exponent);
    const __m256 quotient = _mm256_div_ps(raised, _mm256_add_ps(_mm256_set1_ps(1.0f), e));
    const __m256 if_negative = scale_by_power(_mm256_mul_ps(quotient, fraction), exponent);
    return _mm256_blendv_ps(quotient, if_negative, raised); /* by the sign: at -0, the two agree */
}

void silu_f32_avx2(float *out, const float *x, size_t len) {
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        _mm256_storeu_ps(out + i, silu(_mm256_loadu_ps(x + i)));
    if (i < len) {
        const __m256i active = first_lanes(len - i);
        _mm256_maskstore_ps(out + i, active, silu(_mm256_maskload_ps(x + i, active)));
    }
    _mm256_zeroupper();
}
