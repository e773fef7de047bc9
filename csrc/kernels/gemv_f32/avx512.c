/* gemv_f32, AVX-512: y = A x, with A of m rows of n elements, lda apart.
 *
 * Four rows at a time, an accumulator each, so that a vector of x is loaded once for all four and four multiply-adds
 * are in flight. The last columns are loaded under a mask: masked-off lanes do not fault and add nothing. What lies
 * between rows is not read.
 *
 * Rounding (u = 2^-24): a fused multiply-add per term, in chains of n / 16 terms, then across the lanes. y is 0 where n
 * is.
 * Needs: AVX-512F alone. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16, ROWS = 4 };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

static inline void four_rows(size_t n, const float *a, size_t lda, const float *x, float *y) {
    __m512 sum0 = _mm512_setzero_ps(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t j = 0;
    for (; n - j >= LANES; j += LANES) {
        const __m512 v = _mm512_loadu_ps(x + j);
        sum0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + j), v, sum0);
        sum1 = _mm512_fmadd_ps(_mm512_loadu_ps(a + lda + j), v, sum1);
        sum2 = _mm512_fmadd_ps(_mm512_loadu_ps(a + 2 * lda + j), v, sum2);
        sum3 = _mm512_fmadd_ps(_mm512_loadu_ps(a + 3 * lda + j), v, sum3);
    }
    if (j < n) {
        const __mmask16 active = first_lanes(n - j);
        const __m512 v = _mm512_maskz_loadu_ps(active, x + j);
        sum0 = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(active, a + j), v, sum0);
        sum1 = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(active, a + lda + j), v, sum1);
        sum2 = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(active, a + 2 * lda + j), v, sum2);
        sum3 = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(active, a + 3 * lda + j), v, sum3);
    }
    y[0] = _mm512_reduce_add_ps(sum0);
    y[1] = _mm512_reduce_add_ps(sum1);
    y[2] = _mm512_reduce_add_ps(sum2);
    y[3] = _mm512_reduce_add_ps(sum3);
}

static inline float one_row(size_t n, const float *a, const float *x) {
    __m512 sum = _mm512_setzero_ps();
    for (size_t j = 0; j < n; j += LANES) {
        const __mmask16 active = first_lanes(n - j);
        sum = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(active, a + j), _mm512_maskz_loadu_ps(active, x + j), sum);
    }
    return _mm512_reduce_add_ps(sum);
}

void gemv_f32_avx512(size_t m, size_t n, const float *a, size_t lda, const float *x, float *y) {
    size_t i = 0;
    for (; m - i >= ROWS; i += ROWS)
        four_rows(n, a + i * lda, lda, x, y + i);
    for (; i < m; i++)
        y[i] = one_row(n, a + i * lda, x);
    _mm256_zeroupper();
}
