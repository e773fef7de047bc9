/* exp_f32, AVX-512: out[i] = e^x[i].
 *
 * 1. x is cut at 89.5, beyond which the result is infinite anyway.
 * 2. e^x = fraction * 2^n, see exp_f32_constants.h. The power of two is multiplied in last (vscalefps), so that a
 *    subnormal result is rounded once, and one that is too large becomes infinite.
 *
 * The residue is loaded and stored under a mask: masked-off lanes do not fault and are not written.
 *
 * Worst error: 1.014 ULP at x = 0x1.2e3aa8p+5, and 0.75 units of the last place of a subnormal result, at
 * -0x1.601a64p+6, measured over every float from 2^-31 to 120 in magnitude.
 * Conventions: +0 at -infinity, +infinity at +infinity, NaN at NaN. out may be x; otherwise the two may not overlap.
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

/* From 88.73 on, the result is infinite. */
#define EXP_HIGHEST 89.5f

static inline __m512 evaluate(__m512 x) {
    const __m512 cut = _mm512_min_ps(_mm512_set1_ps(EXP_HIGHEST), x); /* this order keeps NaN */
    __m512 exponent;
    const __m512 fraction = exp_fraction(cut, &exponent);
    return _mm512_scalef_ps(fraction, exponent);
}

void exp_f32_avx512(float *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        _mm512_mask_storeu_ps(out + i, active, evaluate(_mm512_maskz_loadu_ps(active, x + i)));
    }
    _mm256_zeroupper();
}
