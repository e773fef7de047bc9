/* layer_norm_f32, plain C: row[i] = (row[i] - mean) / sqrt(variance + eps) * gamma[i] + beta[i], in place.
 *
 * 1. The mean.
 * 2. The mean square of the deviations from it: the difference of the mean square and the squared mean would cancel.
 * 3. Scale, and apply gamma and beta.
 *
 * Sums in four accumulators. An empty row is left alone. The variance is that of the population (divided by len).
 * Needs: C11 and sqrtf.
 */
#include <math.h>
#include <stddef.h>

void layer_norm_f32_scalar(float *row, const float *gamma, const float *beta, size_t len, float eps) {
    float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f}, squares[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (size_t i = 0; i < len; i++)
        sums[i % 4] += row[i];
    const float mean = ((sums[0] + sums[1]) + (sums[2] + sums[3])) / (float)len;

    for (size_t i = 0; i < len; i++)
        squares[i % 4] += (row[i] - mean) * (row[i] - mean);
    const float variance = ((squares[0] + squares[1]) + (squares[2] + squares[3])) / (float)len;

    const float scale = 1.0f / sqrtf(variance + eps);
    for (size_t i = 0; i < len; i++)
        row[i] = (row[i] - mean) * scale * gamma[i] + beta[i];
}
