/* axpy_f16, AVX-512: y[i] += a * x[i] in half precision, computed in float.
 *
 * 1. Two vectors per iteration; halves are widened to float as they are loaded (vcvtph2ps) and narrowed as they are
 *    stored (vcvtps2ph).
 * 2. Single vectors, the last of them loaded and stored under a mask of 16-bit lanes: masked-off lanes do not fault and
 *    are not written.
 *
 * Rounding: once in the fused multiply-add of floats, once to half precision.
 * Conventions: an empty row is left alone. x may be y; otherwise the two may not overlap. a = 0 is no special case: 0 *
 * infinity is NaN.
 * Needs: AVX-512F; BW and VL for the mask. No alignment beyond that of two bytes.
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

enum { LANES = 16, BLOCK = 2 * LANES };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

static inline __m256i load_sixteen(const uint16_t *x) {
    return _mm256_loadu_si256((const __m256i *)x);
}

static inline __m256i evaluate(__m256i y, __m256i x, __m512 factor) {
    const __m512 sum = _mm512_fmadd_ps(factor, _mm512_cvtph_ps(x), _mm512_cvtph_ps(y));
    return _mm512_cvtps_ph(sum, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

void axpy_f16_avx512(uint16_t *y, const uint16_t *x, size_t len, float a) {
    const __m512 factor = _mm512_set1_ps(a);
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m256i y0 = load_sixteen(y + i), y1 = load_sixteen(y + i + LANES);
        const __m256i x0 = load_sixteen(x + i), x1 = load_sixteen(x + i + LANES);
        _mm256_storeu_si256((__m256i *)(y + i), evaluate(y0, x0, factor));
        _mm256_storeu_si256((__m256i *)(y + i + LANES), evaluate(y1, x1, factor));
    }
    for (; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        const __m256i y0 = _mm256_maskz_loadu_epi16(active, y + i), x0 = _mm256_maskz_loadu_epi16(active, x + i);
        _mm256_mask_storeu_epi16(y + i, active, evaluate(y0, x0, factor));
    }
    _mm256_zeroupper();
}
