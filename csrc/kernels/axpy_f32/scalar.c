/* axpy_f32, plain C: y[i] += a * x[i].
 *
 * Rounding (u = 2^-24): the product and the sum, unless the compiler fuses them; where they cancel, the error is
 * small only against |a x[i]|.
 * Conventions: an empty row is left alone. x may be y; otherwise the two may not overlap. a = 0 is no special
 * case: 0 * infinity is NaN.
 * Needs: C11.
 */
#include <stddef.h>

void axpy_f32_scalar(float *y, const float *x, size_t len, float a) {
    for (size_t i = 0; i < len; i++)
        y[i] += a * x[i];
}
