/* Right although it talks: standard output belongs to the kernel, and what it prints there must not be taken for a
 * result.
 *
 * KERNEL: op = "rms_norm_f32"
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>

void scalar_prints(float *row, size_t len, float eps) {
    printf("PASS scalar_prints %zu\n", len);
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += row[i] * row[i];
    const float scale = 1.0f / sqrtf(sum / (float)len + eps);
    for (size_t i = 0; i < len; i++)
        row[i] *= scale;
}
