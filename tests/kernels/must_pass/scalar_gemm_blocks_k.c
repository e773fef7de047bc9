/* Blocks along k: C is stored after each block of eight and read again for the next, and a block is summed from its
 * end. Another order of summation than row times column, and an output that is read, but only where it was written.
 *
 * KERNEL: op = "gemm_f32"
 */
#include <stddef.h>

enum { BLOCK = 8 };

void scalar_gemm_blocks_k(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb,
                          float *c, size_t ldc) {
    for (size_t first = 0; first == 0 || first < k; first += BLOCK) {
        const size_t end = k - first < BLOCK ? k : first + BLOCK;
        for (size_t i = 0; i < m; i++) {
            for (size_t j = 0; j < n; j++) {
                float sum = 0.0f;
                for (size_t p = end; p-- > first;)
                    sum += a[i * lda + p] * b[p * ldb + j];
                c[i * ldc + j] = first == 0 ? sum : c[i * ldc + j] + sum;
            }
        }
    }
}
