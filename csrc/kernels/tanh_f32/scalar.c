/* tanh_f32, plain C: out[i] = tanh(x[i]).
 *
 * The tanhf of the C library.
 *
 * Conventions: -1 and 1 at the infinities, NaN at NaN. out may be x; otherwise the two may not overlap.
 * Needs: C11 and the functions of math.h.
 */
#include <math.h>
#include <stddef.h>

void tanh_f32_scalar(float *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i++) {
        out[i] = tanhf(x[i]);
    }
}
