/* Whole vectors into the gap: the last columns are stored as a full vector wherever the distance of rows has room.
 *
 * C is right; what a caller keeps between its rows, another part of the same matrix, is overwritten.
 *
 * The last columns are stored as a whole vector, into what lies between the rows.
 *
 * KERNEL: op = "gemm_f32"
 * EXPECT: outcome = "OUT_OF_BOUNDS"
 * EXPECT: options = "--suite boundary"
 */
#include <arm_neon.h>
#include <stddef.h>

void neon_gemm_writes_the_gap(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb,
                              float *c, size_t ldc) {
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j += 4) {
            const size_t columns = n - j < 4 ? n - j : 4;
            float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
            for (size_t p = 0; p < k; p++)
                for (size_t lane = 0; lane < columns; lane++)
                    sums[lane] += a[i * lda + p] * b[p * ldb + j + lane];
            if (i + 1 < m && j + 4 <= ldc)
                vst1q_f32(c + i * ldc + j, vld1q_f32(sums));
            else
                for (size_t lane = 0; lane < columns; lane++)
                    c[i * ldc + j + lane] = sums[lane];
        }
    }
}
