/* scale_f32, AVX2: out[i] = a * x[i].
 *
 * Whole vectors, then the residue under a mask: masked-off lanes do not fault and are not written.
 *
 * Rounding (u = 2^-24): once, in the product.
 * Conventions: An empty row is left alone. out may be x; otherwise the two may not overlap.
 * Needs: AVX2, for the integer comparison that makes the mask; the rest is AVX. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 8 };

/* All ones in the first min(count, 8) lanes. */
static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < LANES ? (int)count : LANES), lane);
}

void scale_f32_avx2(float *out, const float *x, size_t len, float a) {
    const __m256 factor = _mm256_set1_ps(a);
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        _mm256_storeu_ps(out + i, _mm256_mul_ps(factor, _mm256_loadu_ps(x + i)));
    if (i < len) {
        const __m256i active = first_lanes(len - i);
        _mm256_maskstore_ps(out + i, active, _mm256_mul_ps(factor, _mm256_maskload_ps(x + i, active)));
    }
    _mm256_zeroupper();
}
