/* gemm_f32, plain C: C = A B, with A of m x k, B of k x n and C of m x n, their rows lda, ldb and ldc apart.
 *
 * What lies between rows is neither read nor written. C is 0 where k is.
 * Needs: C11.
 */
#include <stddef.h>

void gemm_f32_scalar(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                     size_t ldc) {
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            float sum = 0.0f;
            for (size_t p = 0; p < k; p++)
                sum += a[i * lda + p] * b[p * ldb + j];
            c[i * ldc + j] = sum;
        }
    }
}
