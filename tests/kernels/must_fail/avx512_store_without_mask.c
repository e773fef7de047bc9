/* Writes past the end: the last vector is loaded under a mask and stored without one.
 *
 * The tail is loaded under a mask and stored whole: lanes behind the row are overwritten.
 *
 * KERNEL: op = "axpy_f32"
 * EXPECT: outcome = "OUT_OF_BOUNDS"
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16 };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

void avx512_store_without_mask(float *y, const float *x, size_t len, float a) {
    const __m512 factor = _mm512_set1_ps(a);
    for (size_t i = 0; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        const __m512 y0 = _mm512_maskz_loadu_ps(active, y + i);
        _mm512_storeu_ps(y + i, _mm512_fmadd_ps(factor, _mm512_maskz_loadu_ps(active, x + i), y0));
    }
    _mm256_zeroupper();
}
