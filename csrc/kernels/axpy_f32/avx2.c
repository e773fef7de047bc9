/* axpy_f32, AVX2 with FMA: y[i] += a * x[i].
 *
 * 1. Two vectors per iteration: the loop is bound by its two loads and one store per vector, and more would not
 *    help.
 * 2. Single vectors, the last of them loaded and stored under a mask: masked-off lanes do not fault and are not
 *    written.
 *
 * Rounding (u = 2^-24): once, in the fused multiply-add.
 * Conventions: an empty row is left alone. x may be y; otherwise the two may not overlap. a = 0 is no special
 * case: 0 * infinity is NaN.
 * Needs: AVX2 and FMA. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 8, BLOCK = 2 * LANES };

/* All ones in the first min(count, 8) lanes. */
static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < LANES ? (int)count : LANES), lane);
}

void axpy_f32_avx2(float *y, const float *x, size_t len, float a) {
    const __m256 factor = _mm256_set1_ps(a);
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m256 y0 = _mm256_loadu_ps(y + i), y1 = _mm256_loadu_ps(y + i + LANES);
        const __m256 x0 = _mm256_loadu_ps(x + i), x1 = _mm256_loadu_ps(x + i + LANES);
        _mm256_storeu_ps(y + i, _mm256_fmadd_ps(factor, x0, y0));
        _mm256_storeu_ps(y + i + LANES, _mm256_fmadd_ps(factor, x1, y1));
    }
    for (; i < len; i += LANES) {
        const __m256i active = first_lanes(len - i);
        const __m256 y0 = _mm256_maskload_ps(y + i, active), x0 = _mm256_maskload_ps(x + i, active);
        _mm256_maskstore_ps(y + i, active, _mm256_fmadd_ps(factor, x0, y0));
    }
    _mm256_zeroupper();
}
