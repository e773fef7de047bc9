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

/* ROWS or fewer rows by two vectors; the masks say which columns there are. Inlined for either number of rows. */
static inline __attribute__((always_inline)) void tile(size_t rows, size_t k, const float *a, size_t lda,
                                                       const float *b, size_t ldb, float *c, size_t ldc,
                                                       __mmask16 mask0, __mmask16 mask1) {
    __m512 sum[ROWS][2];
    for (size_t i = 0; i < rows; i++)
        sum[i][0] = sum[i][1] = _mm512_setzero_ps();
    for (size_t p = 0; p < k; p++) {
        const __m512 b0 = _mm512_maskz_loadu_ps(mask0, b + p * ldb);
        const __m512 b1 = _mm512_maskz_loadu_ps(mask1, b + p * ldb + LANES);
        for (size_t i = 0; i < rows; i++) {
            const __m512 factor = _mm512_set1_ps(a[i * lda + p]);
            sum[i][0] = _mm512_fmadd_ps(factor, b0, sum[i][0]);
            sum[i][1] = _mm512_fmadd_ps(factor, b1, sum[i][1]);
        }
    }
    for (size_t i = 0; i < rows; i++) {
        _mm512_mask_storeu_ps(c + i * ldc, mask0, sum[i][0]);
        _mm512_mask_storeu_ps(c + i * ldc + LANES, mask1, sum[i][1]);
    }
}

void gemm_f32_avx512(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                     size_t ldc) {
    for (size_t j = 0; j < n; j += COLUMNS) {
        const __mmask16 mask0 = first_lanes(n - j);
        const __mmask16 mask1 = first_lanes(n - j > LANES ? n - j - LANES : 0);
        size_t i = 0;
        for (; m - i >= ROWS; i += ROWS)
            tile(ROWS, k, a + i * lda, lda, b + j, ldb, c + i * ldc + j, ldc, mask0, mask1);
        for (; i < m; i++)
            tile(1, k, a + i * lda, lda, b + j, ldb, c + i * ldc + j, ldc, mask0, mask1);
    }
    _mm256_zeroupper();
}
