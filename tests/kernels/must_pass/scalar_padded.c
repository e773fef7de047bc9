/* The fallback: a permission to read behind the row need not be used.
 *
 * KERNEL: op = "padded_sum_f32"
 */
#include <stddef.h>

float scalar_padded(const float *x, size_t len) {
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += x[i];
    return sum;
}
