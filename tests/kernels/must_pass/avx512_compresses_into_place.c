/* Looks like a store past the end: the last vector goes out through vcompressps, with as many lanes as are left.
 *
 * Right: a compressing store writes as many elements as its mask has ones, and touches nothing behind them.
 *
 * KERNEL: op = "axpy_f32"
 */
#include <immintrin.h>
#include <stddef.h>

void avx512_compresses_into_place(float *y, const float *x, size_t len, float a) {
    const __m512 factor = _mm512_set1_ps(a);
    for (size_t i = 0; i < len; i += 16) {
        const __mmask16 active = (__mmask16)(len - i < 16 ? (1u << (len - i)) - 1u : 0xffffu);
        const __m512 y0 = _mm512_maskz_expandloadu_ps(active, y + i);
        const __m512 x0 = _mm512_maskz_expandloadu_ps(active, x + i);
        _mm512_mask_compressstoreu_ps(y + i, active, _mm512_fmadd_ps(factor, x0, y0));
    }
    _mm256_zeroupper();
}
