/* Counts with a signed index, as must_fail/scalar_31_bit_index.c does, which is wide enough.
 *
 * KERNEL: op = "sum_f32"
 */
#include <stddef.h>

float scalar_64_bit_index(const float *x, size_t len) {
    float sum = 0.0f;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)len; i++)
        sum += x[i];
    return sum;
}
