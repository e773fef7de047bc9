/* exp_f32, plain C: out[i] = e^x[i].
 *
 * The expf of the C library.
 *
 * Conventions: +0 at -infinity, +infinity at +infinity, NaN at NaN. out may be x; otherwise the two may not overlap.
 * Needs: C11 and the functions of math.h.
 */
#include <math.h>
#include <stddef.h>

void exp_f32_scalar(float *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i++) {
        out[i] = expf(x[i]);
    }
}
