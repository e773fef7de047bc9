/* Distance of rows ignored: B is read as if its rows followed one another.
 *
 * Right for every matrix that is not part of a larger one.
 *
 * Rows that are apart are read as if they were not.
 *
 * KERNEL: op = "gemm_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite sensitivity"
 */
#include <stddef.h>

void scalar_gemm_ignores_ldb(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb,
                             float *c, size_t ldc) {
    (void)ldb;
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            float sum = 0.0f;
            for (size_t p = 0; p < k; p++)
                sum += a[i * lda + p] * b[p * n + j];
            c[i * ldc + j] = sum;
        }
    }
}
