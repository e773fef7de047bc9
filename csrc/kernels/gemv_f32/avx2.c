/* gemv_f32, AVX2 with FMA: y = A x, with A of m rows of n elements, lda apart.
 *
 * Four rows at a time, an accumulator each, so that a vector of x is loaded once for all four and four multiply-adds
 * are in flight. The last columns are loaded under a mask: masked-off lanes do not fault and add nothing.
 *
 * Rounding (u = 2^-24): a fused multiply-add per term, in chains of n / 8 terms. y is 0 where n is.
 * Needs: AVX2 and FMA. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 8, ROWS = 4 };

/* All ones in the first min(count, 8) lanes. */
static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < LANES ? (int)count : LANES), lane);
}

static inline float reduce_add(__m256 v) {
    __m128 sums = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sums = _mm_add_ps(sums, _mm_movehl_ps(sums, sums));
    sums = _mm_add_ss(sums, _mm_movehdup_ps(sums));
    return _mm_cvtss_f32(sums);
}

static inline void four_rows(size_t n, const float *a, size_t lda, const float *x, float *y) {
    __m256 sum0 = _mm256_setzero_ps(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t j = 0;
    for (; n - j >= LANES; j += LANES) {
        const __m256 v = _mm256_loadu_ps(x + j);
        sum0 = _mm256_fmadd_ps(_mm256_loadu_ps(a + j), v, sum0);
        sum1 = _mm256_fmadd_ps(_mm256_loadu_ps(a + lda + j), v, sum1);
        sum2 = _mm256_fmadd_ps(_mm256_loadu_ps(a + 2 * lda + j), v, sum2);
        sum3 = _mm256_fmadd_ps(_mm256_loadu_ps(a + 3 * lda + j), v, sum3);
    }
    if (j < n) {
        const __m256i active = first_lanes(n - j);
        const __m256 v = _mm256_maskload_ps(x + j, active);
        sum0 = _mm256_fmadd_ps(_mm256_maskload_ps(a + j, active), v, sum0);
        sum1 = _mm256_fmadd_ps(_mm256_maskload_ps(a + lda + j, active), v, sum1);
        sum2 = _mm256_fmadd_ps(_mm256_maskload_ps(a + 2 * lda + j, active), v, sum2);
        sum3 = _mm256_fmadd_ps(_mm256_maskload_ps(a + 3 * lda + j, active), v, sum3);
    }
    y[0] = reduce_add(sum0);
    y[1] = reduce_add(sum1);
    y[2] = reduce_add(sum2);
    y[3] = reduce_add(sum3);
}

static inline float one_row(size_t n, const float *a, const float *x) {
    __m256 sum = _mm256_setzero_ps();
    for (size_t j = 0; j < n; j += LANES) {
        const __m256i active = first_lanes(n - j);
        sum = _mm256_fmadd_ps(_mm256_maskload_ps(a + j, active), _mm256_maskload_ps(x + j, active), sum);
    }
    return reduce_add(sum);
}

void gemv_f32_avx2(size_t m, size_t n, const float *a, size_t lda, const float *x, float *y) {
    size_t i = 0;
    for (; m - i >= ROWS; i += ROWS)
        four_rows(n, a + i * lda, lda, x, y + i);
    for (; i < m; i++)
        y[i] = one_row(n, a + i * lda, x);
    _mm256_zeroupper();
}
