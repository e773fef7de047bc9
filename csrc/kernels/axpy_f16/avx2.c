/* axpy_f16, AVX2 with FMA and F16C: y[i] += a * x[i] in half precision, computed in float.
 *
 * Eight elements at a time; the residue goes through a vector on the stack, since AVX2 has no mask for 16 bits.
 *
 * Rounding: once in the fused multiply-add of floats, once to half precision. An empty row is left alone.
 * Needs: AVX2, FMA and F16C. No alignment beyond that of two bytes.
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* F16C came with Ivy Bridge, before AVX2: every processor that has AVX2 has it. */
#define HALF __attribute__((target("avx2,fma,f16c")))

enum { LANES = 8 };

HALF static inline __m128i eight(__m128i y, __m128i x, __m256 factor) {
    const __m256 sum = _mm256_fmadd_ps(factor, _mm256_cvtph_ps(x), _mm256_cvtph_ps(y));
    return _mm256_cvtps_ph(sum, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

HALF void axpy_f16_avx2(uint16_t *y, const uint16_t *x, size_t len, float a) {
    const __m256 factor = _mm256_set1_ps(a);
    size_t i = 0;
    for (; len - i >= LANES; i += LANES) {
        const __m128i y0 = _mm_loadu_si128((const __m128i *)(y + i)), x0 = _mm_loadu_si128((const __m128i *)(x + i));
        _mm_storeu_si128((__m128i *)(y + i), eight(y0, x0, factor));
    }
    if (i < len) {
        uint16_t from[LANES] = {0}, to[LANES] = {0};
        memcpy(from, x + i, (len - i) * sizeof *x);
        memcpy(to, y + i, (len - i) * sizeof *y);
        const __m128i y0 = _mm_loadu_si128((const __m128i *)to), x0 = _mm_loadu_si128((const __m128i *)from);
        _mm_storeu_si128((__m128i *)to, eight(y0, x0, factor));
        memcpy(y + i, to, (len - i) * sizeof *y);
    }
    _mm256_zeroupper();
}
