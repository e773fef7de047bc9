/* axpy_f32, AVX-512: y[i] += a * x[i].
 *
 * 1. Two vectors per iteration: the loop is bound by its two loads and one store per vector, and more would not
 *    help.
 * 2. Single vectors, the last of them loaded and stored under a mask: masked-off lanes do not fault and are not
 *    written.
 *
 * Rounding (u = 2^-24): once, in the fused multiply-add.
 * Conventions: an empty row is left alone. x may be y; otherwise the two may not overlap. a = 0 is no special
 * case: 0 * infinity is NaN.
 * Needs: AVX-512F alone. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16, BLOCK = 2 * LANES };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

void axpy_f32_avx512(float *y, const float *x, size_t len, float a) {
    const __m512 factor = _mm512_set1_ps(a);
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m512 y0 = _mm512_loadu_ps(y + i), y1 = _mm512_loadu_ps(y + i + LANES);
        const __m512 x0 = _mm512_loadu_ps(x + i), x1 = _mm512_loadu_ps(x + i + LANES);
        _mm512_storeu_ps(y + i, _mm512_fmadd_ps(factor, x0, y0));
        _mm512_storeu_ps(y + i + LANES, _mm512_fmadd_ps(factor, x1, y1));
    }
    for (; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        const __m512 y0 = _mm512_maskz_loadu_ps(active, y + i), x0 = _mm512_maskz_loadu_ps(active, x + i);
        _mm512_mask_storeu_ps(y + i, active, _mm512_fmadd_ps(factor, x0, y0));
    }
    _mm256_zeroupper();
}
