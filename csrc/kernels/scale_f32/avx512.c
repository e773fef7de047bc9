/* scale_f32, AVX-512: out[i] = a * x[i].
 *
 * 1. Two vectors per iteration: the loop is bound by its load and store per vector, and more would not help.
 * 2. Single vectors, the last of them loaded and stored under a mask: masked-off lanes do not fault and are not
 *    written.
 *
 * Rounding (u = 2^-24): once, in the product.
 * Conventions: an empty row is left alone. out may be x; otherwise the two may not overlap. a = 0 is no special case:
 * 0 * infinity is NaN.
 * Needs: AVX-512F alone. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16, BLOCK = 2 * LANES };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

void scale_f32_avx512(float *out, const float *x, size_t len, float a) {
    const __m512 factor = _mm512_set1_ps(a);
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m512 x0 = _mm512_loadu_ps(x + i), x1 = _mm512_loadu_ps(x + i + LANES);
        _mm512_storeu_ps(out + i, _mm512_mul_ps(factor, x0));
        _mm512_storeu_ps(out + i + LANES, _mm512_mul_ps(factor, x1));
    }
    for (; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        _mm512_mask_storeu_ps(out + i, active, _mm512_mul_ps(factor, _mm512_maskz_loadu_ps(active, x + i)));
    }
    _mm256_zeroupper();
}
