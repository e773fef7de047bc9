/* Wrong neutral element: the maximum starts at 0 instead of -infinity.
 *
 * Shows on rows without a positive element, and drops a NaN that a number follows.
 *
 * A maximum that starts at 0: wrong for rows of negative numbers.
 *
 * KERNEL: op = "max_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: rule = "fails exactly where all elements are negative"
 */
#include <stddef.h>

float scalar_max_starts_at_zero(const float *x, size_t len) {
    float largest = 0.0f;
    for (size_t i = 0; i < len; i++)
        largest = x[i] > largest || x[i] != x[i] ? x[i] : largest;
    return largest;
}
