/* Wrong divisor: the variance is that of a sample, divided by len - 1, which is the default of statistics libraries.
 *
 * On long rows the difference is smaller than what most tests tolerate.
 *
 * Divided by len - 1, as statistics libraries do.
 *
 * KERNEL: op = "layer_norm_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite boundary"
 */
#include <math.h>
#include <stddef.h>

void scalar_layer_norm_sample_variance(float *row, const float *gamma, const float *beta, size_t len, float eps) {
    float sum = 0.0f, squares = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += row[i];
    const float mean = sum / (float)len;
    for (size_t i = 0; i < len; i++)
        squares += (row[i] - mean) * (row[i] - mean);
    const float variance = len > 1 ? squares / (float)(len - 1) : 0.0f;
    const float scale = 1.0f / sqrtf(variance + eps);
    for (size_t i = 0; i < len; i++)
        row[i] = (row[i] - mean) * scale * gamma[i] + beta[i];
}
