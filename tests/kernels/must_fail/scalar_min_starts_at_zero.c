/* Wrong neutral element: the minimum starts at 0 instead of infinity.
 *
 * Shows on rows without a negative element, and drops a NaN that a number follows.
 *
 * 0 as the neutral element of a minimum: no positive row has any other.
 *
 * KERNEL: op = "min_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite sensitivity"
 */
#include <stddef.h>

float scalar_min_starts_at_zero(const float *x, size_t len) {
    float smallest = 0.0f;
    for (size_t i = 0; i < len; i++)
        smallest = x[i] < smallest || x[i] != x[i] ? x[i] : smallest;
    return smallest;
}
