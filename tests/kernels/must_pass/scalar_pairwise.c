/* Pairwise addition: an error that grows with the logarithm of the length, and a deep recursion.
 *
 * KERNEL: op = "sum_f32"
 */
#include <stddef.h>

float scalar_pairwise(const float *x, size_t len) {
    if (len == 0)
        return 0.0f;
    if (len == 1)
        return x[0];
    const size_t half = len / 2;
    return scalar_pairwise(x, half) + scalar_pairwise(x + half, len - half);
}
