/* gemv_f32, plain C: y = A x, with A of m rows of n elements, lda apart.
 *
 * A row's sum in four accumulators. y is 0 where n is.
 * Needs: C11.
 */
#include <stddef.h>

void gemv_f32_scalar(size_t m, size_t n, const float *a, size_t lda, const float *x, float *y) {
    for (size_t i = 0; i < m; i++) {
        float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
        for (size_t j = 0; j < n; j++)
            sums[j % 4] += a[i * lda + j] * x[j];
        y[i] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
}
