/* relu_f32, plain C: out[i] = max(x[i], 0).
 *
 * Exact: nothing is rounded.
 * Conventions: NaN at NaN; the sign of a zero is unspecified. An empty row is left alone. out may be x; otherwise the
 * two may not overlap.
 * Needs: C11.
 */
#include <math.h>
#include <stddef.h>

void relu_f32_scalar(float *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i++)
        out[i] = x[i] < 0.0f ? 0.0f : x[i];
}
