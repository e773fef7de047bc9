/* argmax_f32, plain C: the index of the largest element of x.
 *
 * Conventions: of equal elements the first; zeros of either sign are equal. The first NaN, if there is one, is the
 * largest. 0 for an empty row.
 * Needs: C11, and comparisons that keep to IEEE 754 (no -ffast-math).
 */
#include <math.h>
#include <stddef.h>

size_t argmax_f32_scalar(const float *x, size_t len) {
    size_t best = 0;
    for (size_t i = 0; i < len; i++) {
        if (isnan(x[i]))
            return i;
        best = x[i] > x[best] ? i : best;
    }
    return best;
}
