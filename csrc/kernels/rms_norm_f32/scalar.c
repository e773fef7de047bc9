/* rms_norm_f32, plain C: row[i] = row[i] / sqrt(mean(row^2) + eps), in place.
 *
 * 1. Sum of squares in four independent accumulators: four chains a quarter as long each, which shortens both
 *    the latency and the worst-case rounding error (a chain of n additions errs by up to (n - 1) u).
 * 2. One square root and one division for the whole row.
 * 3. Scale the row by the reciprocal.
 *
 * Rounding (u = 2^-24): the sum, halved by the square root; 1/2 u each from the division by n and the addition
 * of eps, halved likewise, u each from square root, reciprocal and final product. n is converted to float, which
 * is exact up to 2^24. The sum overflows from elements of about 1.8e19 / sqrt(n) on.
 * Needs: C11 and sqrtf. An empty row is left alone.
 */
#include <math.h>
#include <stddef.h>

void rms_norm_f32_scalar(float *row, size_t len, float eps) {
    float sum0 = 0.0f, sum1 = 0.0f, sum2 = 0.0f, sum3 = 0.0f;
    size_t i = 0;
    for (; len - i >= 4; i += 4) {
        sum0 += row[i] * row[i];
        sum1 += row[i + 1] * row[i + 1];
        sum2 += row[i + 2] * row[i + 2];
        sum3 += row[i + 3] * row[i + 3];
    }
    for (; i < len; i++)
        sum0 += row[i] * row[i];

    const float mean = ((sum0 + sum1) + (sum2 + sum3)) / (float)len;
    const float scale = 1.0f / sqrtf(mean + eps);

    for (i = 0; i < len; i++)
        row[i] *= scale;
}
