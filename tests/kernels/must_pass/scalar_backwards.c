/* From the last element to the first: another order, and a descending address.
 *
 * KERNEL: op = "sum_f32"
 */
#include <stddef.h>

float scalar_backwards(const float *x, size_t len) {
    float sum = 0.0f;
    for (size_t i = len; i-- > 0;)
        sum += x[i];
    return sum;
}
