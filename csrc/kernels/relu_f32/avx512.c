/* relu_f32, AVX-512: out[i] = max(x[i], 0).
 *
 * 1. Two vectors per iteration: the loop is bound by its load and store per vector, and more would not help.
 * 2. Single vectors, the last of them loaded and stored under a mask: masked-off lanes do not fault and are not
 *    written.
 *
 * vmaxps returns its second operand if either is a NaN: the order keeps a NaN.
 *
 * Exact: nothing is rounded.
 * Conventions: NaN at NaN; the sign of a zero is unspecified. An empty row is left alone. out may be x; otherwise the
 * two may not overlap.
 * Needs: AVX-512F alone. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16, BLOCK = 2 * LANES };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

void relu_f32_avx512(float *out, const float *x, size_t len) {
    const __m512 zero = _mm512_setzero_ps();
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m512 x0 = _mm512_loadu_ps(x + i), x1 = _mm512_loadu_ps(x + i + LANES);
        _mm512_storeu_ps(out + i, _mm512_max_ps(zero, x0));
        _mm512_storeu_ps(out + i + LANES, _mm512_max_ps(zero, x1));
    }
    for (; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        _mm512_mask_storeu_ps(out + i, active, _mm512_max_ps(zero, _mm512_maskz_loadu_ps(active, x + i)));
    }
    _mm256_zeroupper();
}
