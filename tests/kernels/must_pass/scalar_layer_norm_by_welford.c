/* Welford's recurrence: mean and squared deviations in one pass, without the cancellation of E[x^2] - E[x]^2
 * (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 1.9).
 *
 * KERNEL: op = "layer_norm_f32"
 */
#include <math.h>
#include <stddef.h>

void scalar_layer_norm_by_welford(float *row, const float *gamma, const float *beta, size_t len, float eps) {
    float mean = 0.0f, squares = 0.0f;
    for (size_t i = 0; i < len; i++) {
        const float deviation = row[i] - mean;
        mean += deviation / (float)(i + 1);
        squares += deviation * (row[i] - mean);
    }
    const float scale = 1.0f / sqrtf(squares / (float)len + eps);
    for (size_t i = 0; i < len; i++)
        row[i] = (row[i] - mean) * scale * gamma[i] + beta[i];
}
