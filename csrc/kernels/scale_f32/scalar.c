/* scale_f32, plain C: out[i] = a * x[i].
 *
 * Rounding (u = 2^-24): once, in the product.
 * Conventions: An empty row is left alone. out may be x; otherwise the two may not overlap.
 * Needs: C11.
 */
#include <math.h>
#include <stddef.h>

void scale_f32_scalar(float *out, const float *x, size_t len, float a) {
    for (size_t i = 0; i < len; i++)
        out[i] = a * x[i];
}
