/* min_f32, plain C: the smallest element of x.
 *
 * 1. Compare with the running minimum; a NaN compares false, so it is looked for on its own.
 * 2. A NaN that was seen is what is returned.
 *
 * Conventions: the minimum of nothing is +infinity. A NaN anywhere gives a NaN (quiet; sign and payload unspecified).
 * Zeros of either sign are equal, and which of them is returned is unspecified.
 * Exact: nothing is rounded.
 * Needs: C11, and comparisons that keep to IEEE 754 (no -ffast-math).
 */
#include <math.h>
#include <stddef.h>

float min_f32_scalar(const float *x, size_t len) {
    float smallest = INFINITY;
    int has_nan = 0;
    for (size_t i = 0; i < len; i++) {
        smallest = x[i] < smallest ? x[i] : smallest;
        has_nan |= isnan(x[i]) != 0;
    }
    return has_nan ? NAN : smallest;
}
