/* gemm_f32, AVX-512: C = A B, with A of m x k, B of k x n and C of m x n, their rows lda, ldb and ldc apart.
 *
 * A tile of C is four rows by two vectors of columns, in eight accumulators: per step along k two vectors of B and four
 * elements of A feed eight multiply-adds, which is what two units of latency four take to be busy. The last columns are
 * loaded and stored under masks: masked-off lanes do not fault and are not written. What lies between rows is neither
 * read nor written.
 *
 * Rounding (u = 2^-24): a fused multiply-add per term, in the order of k. C is 0 where k is.
 * Needs: AVX-512F alone. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16, ROWS = 4, COLUMNS = 2 * LANES };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

/* Four rows by two vectors; the masks say which columns there are. The accumulators are variables of their own: an
 * array of them stays in memory unless the loops over it are unrolled, which gcc does not do at -O2. */
static inline void four_rows(size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc,
                             __mmask16 mask0, __mmask16 mask1) {
    __m512 c00 = _mm512_setzero_ps(), c10 = c00, c20 = c00, c30 = c00;
    __m512 c01 = c00, c11 = c00, c21 = c00, c31 = c00;
    for (size_t p = 0; p < k; p++) {
        const __m512 b0 = _mm512_maskz_loadu_ps(mask0, b + p * ldb);
        const __m512 b1 = _mm512_maskz_loadu_ps(mask1, b + p * ldb + LANES);
        const __m512 a0 = _mm512_set1_ps(a[p]), a1 = _mm512_set1_ps(a[lda + p]);
        const __m512 a2 = _mm512_set1_ps(a[2 * lda + p]), a3 = _mm512_set1_ps(a[3 * lda + p]);
        c00 = _mm512_fmadd_ps(a0, b0, c00);
        c10 = _mm512_fmadd_ps(a1, b0, c10);
        c20 = _mm512_fmadd_ps(a2, b0, c20);
        c30 = _mm512_fmadd_ps(a3, b0, c30);
        c01 = _mm512_fmadd_ps(a0, b1, c01);
        c11 = _mm512_fmadd_ps(a1, b1, c11);
        c21 = _mm512_fmadd_ps(a2, b1, c21);
        c31 = _mm512_fmadd_ps(a3, b1, c31);
    }
    _mm512_mask_storeu_ps(c, mask0, c00);
    _mm512_mask_storeu_ps(c + ldc, mask0, c10);
    _mm512_mask_storeu_ps(c + 2 * ldc, mask0, c20);
    _mm512_mask_storeu_ps(c + 3 * ldc, mask0, c30);
    _mm512_mask_storeu_ps(c + LANES, mask1, c01);
    _mm512_mask_storeu_ps(c + ldc + LANES, mask1, c11);
    _mm512_mask_storeu_ps(c + 2 * ldc + LANES, mask1, c21);
    _mm512_mask_storeu_ps(c + 3 * ldc + LANES, mask1, c31);
}

static inline void one_row(size_t k, const float *a, const float *b, size_t ldb, float *c, __mmask16 mask0,
                           __mmask16 mask1) {
    __m512 c0 = _mm512_setzero_ps(), c1 = c0;
    for (size_t p = 0; p < k; p++) {
        const __m512 factor = _mm512_set1_ps(a[p]);
        c0 = _mm512_fmadd_ps(factor, _mm512_maskz_loadu_ps(mask0, b + p * ldb), c0);
        c1 = _mm512_fmadd_ps(factor, _mm512_maskz_loadu_ps(mask1, b + p * ldb + LANES), c1);
    }
    _mm512_mask_storeu_ps(c, mask0, c0);
    _mm512_mask_storeu_ps(c + LANES, mask1, c1);
}

void gemm_f32_avx512(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                     size_t ldc) {
    for (size_t j = 0; j < n; j += COLUMNS) {
        const __mmask16 mask0 = first_lanes(n - j);
        const __mmask16 mask1 = first_lanes(n - j > LANES ? n - j - LANES : 0);
        size_t i = 0;
        for (; m - i >= ROWS; i += ROWS)
            four_rows(k, a + i * lda, lda, b + j, ldb, c + i * ldc + j, ldc, mask0, mask1);
        for (; i < m; i++)
            one_row(k, a + i * lda, b + j, ldb, c + i * ldc + j, mask0, mask1);
    }
    _mm256_zeroupper();
}
