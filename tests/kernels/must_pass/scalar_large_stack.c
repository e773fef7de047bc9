/* Right although it takes a mebibyte of stack: the system grants eight.
 *
 * KERNEL: op = "rms_norm_f32"
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

enum { LONGEST_COPY = 1 << 18 };

void scalar_large_stack(float *row, size_t len, float eps) {
    float copy[LONGEST_COPY];
    const float *source = row;
    if (len <= LONGEST_COPY)
        source = memcpy(copy, row, len * sizeof(float));
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += source[i] * source[i];
    const float scale = 1.0f / sqrtf(sum / (float)len + eps);
    for (size_t i = 0; i < len; i++)
        row[i] *= scale;
}
