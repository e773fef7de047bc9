/* Dropped tail: the inner dimension is unrolled by four, and what is left over is forgotten.
 *
 * Right for every k that is a multiple of four, such as those of models.
 *
 * The inner dimension's tail is forgotten.
 *
 * KERNEL: op = "gemm_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite sensitivity"
 * EXPECT: rule = "exactly where k % 4 is 1, 2 or 3"
 */
#include <stddef.h>

void scalar_gemm_drops_k_tail(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb,
                              float *c, size_t ldc) {
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            float sum = 0.0f;
            for (size_t p = 0; p + 4 <= k; p += 4)
                for (size_t step = p; step < p + 4; step++)
                    sum += a[i * lda + step] * b[step * ldb + j];
            c[i * ldc + j] = sum;
        }
    }
}
