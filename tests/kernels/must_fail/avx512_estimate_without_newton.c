/* Off by up to 2^-14: the reciprocal square root is estimated, and the Newton step is missing.
 *
 * VRSQRT14 without a Newton step. UNAVAILABLE in a Bochs that computes it wrongly.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16 };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

void avx512_estimate_without_newton(float *row, size_t len, float eps) {
    __m512 sum = _mm512_setzero_ps();
    for (size_t i = 0; i < len; i += LANES) {
        const __m512 x = _mm512_maskz_loadu_ps(first_lanes(len - i), row + i);
        sum = _mm512_fmadd_ps(x, x, sum);
    }
    const __m512 mean = _mm512_set1_ps(_mm512_reduce_add_ps(sum) / (float)len + eps);
    const __m512 scale = _mm512_rsqrt14_ps(mean);
    for (size_t i = 0; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        _mm512_mask_storeu_ps(row + i, active, _mm512_mul_ps(_mm512_maskz_loadu_ps(active, row + i), scale));
    }
    _mm256_zeroupper();
}
