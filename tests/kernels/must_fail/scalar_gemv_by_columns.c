/* Rows for columns: A is read column by column, as Fortran lays it out.
 *
 * Right where there is one row, and for symmetric matrices.
 *
 * Rows are taken for columns.
 *
 * KERNEL: op = "gemv_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite sensitivity"
 */
#include <stddef.h>

void scalar_gemv_by_columns(size_t m, size_t n, const float *a, size_t lda, const float *x, float *y) {
    (void)lda;
    for (size_t i = 0; i < m; i++) {
        float sum = 0.0f;
        for (size_t j = 0; j < n; j++)
            sum += a[j * m + i] * x[j];
        y[i] = sum;
    }
}
