/* exp_f32, AVX2 with FMA: out[i] = e^x[i].
 *
 * 1. x is cut at 89.5, beyond which the result is infinite anyway.
 * 2. e^x = fraction * 2^n, see exp_f32_constants.h. The power of two is multiplied in last, so that a subnormal result
 *    is rounded once, and one that is too large becomes infinite.
 *
 * The residue is loaded and stored under a mask: masked-off lanes do not fault and are not written.
 *
 * Worst error: 1.01 ULP at x = 0x1.2e3aa8p+5, measured over every float from 2^-31 to 120 in magnitude.
 * Conventions: +0 at -infinity, +infinity at +infinity, NaN at NaN. out may be x; otherwise the two may not
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

/* From 88.73 on, the result is infinite. */
#define EXP_HIGHEST 89.5f

static inline __m256 evaluate(__m256 x) {
    const __m256 cut = _mm256_min_ps(_mm256_set1_ps(EXP_HIGHEST), x); /* this order keeps NaN */
    __m256i exponent;
    const __m256 fraction = exp_fraction(cut, &exponent);
    return scale_by_power(fraction, exponent);
}

void exp_f32_avx2(float *out, const float *x, size_t len) {
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        _mm256_storeu_ps(out + i, evaluate(_mm256_loadu_ps(x + i)));
    if (i < len) {
        const __m256i active = first_lanes(len - i);
        _mm256_maskstore_ps(out + i, active, evaluate(_mm256_maskload_ps(x + i, active)));
    }
    _mm256_zeroupper();
}
