/* Calls its rows y and x where the contract has x and y, which a dot product does not mind.
 *
 * KERNEL: op = "dot_f32"
 */
#include <stddef.h>

float scalar_names_rows_the_other_way(const float *y, const float *x, size_t len) {
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += x[i] * y[i];
    return sum;
}
