/* max_f32, plain C: the largest element of x.
 *
 * 1. Compare with the running maximum; a NaN compares false, so it is looked for on its own.
 * 2. A NaN that was seen is what is returned.
 *
 * Conventions: the maximum of nothing is -infinity. A NaN anywhere gives a NaN (quiet; sign and payload unspecified).
 * Zeros of either sign are equal, and which of them is returned is unspecified.
 * Exact: nothing is rounded.
 * Needs: C11, and comparisons that keep to IEEE 754 (no -ffast-math).
 */
#include <math.h>
#include <stddef.h>

float max_f32_scalar(const float *x, size_t len) {
    float largest = -INFINITY;
    int has_nan = 0;
    for (size_t i = 0; i < len; i++) {
        largest = x[i] > largest ? x[i] : largest;
        has_nan |= isnan(x[i]) != 0;
    }
    return has_nan ? NAN : largest;
}
