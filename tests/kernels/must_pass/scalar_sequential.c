/* One chain of additions, in the order of the row: the largest rounding error of all correct orders.
 *
 * KERNEL: op = "sum_f32"
 */
#include <stddef.h>

float scalar_sequential(const float *x, size_t len) {
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += x[i];
    return sum;
}
