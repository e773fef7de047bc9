/* sigmoid_f32, AVX2 with FMA: out[i] = 1 / (1 + e^-x[i]).
 *
 * 1. e = e^-|x| lies in [0, 1], so nothing overflows.
 * 2. For x < 0, e / (1 + e); otherwise 1 / (1 + e). Both stay within [0, 1] after rounding, and neither cancels.
 *
 * The residue is loaded and stored under a mask: masked-off lanes do not fault and are not written.
 *
 * Worst error: 2.41 ULP at x = -0x1.0a111ap+2, measured over every float from 2^-31 to 111 in magnitude.
 * Conventions: 0 at -infinity, 1 at +infinity, NaN at NaN. out may be x; otherwise the two may not overlap.
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

static inline __m256 sigmoid(__m256 x) {
    const __m256 one = _mm256_set1_ps(1.0f);
    const __m256 e = exp_nonpositive(_mm256_or_ps(x, _mm256_set1_ps(-0.0f)));
    const __m256 numerator = _mm256_blendv_ps(one, e, x); /* by the sign of x: at -0, e is 1 as well */
    return _mm256_div_ps(numerator, _mm256_add_ps(one, e));
}

void sigmoid_f32_avx2(float *out, const float *x, size_t len) {
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        _mm256_storeu_ps(out + i, sigmoid(_mm256_loadu_ps(x + i)));
    if (i < len) {
        const __m256i active = first_lanes(len - i);
        _mm256_maskstore_ps(out + i, active, sigmoid(_mm256_maskload_ps(x + i, active)));
    }
    _mm256_zeroupper();
}
