/* Another function: GELU by the error function, where its tanh form is promised. They differ by up to 5e-4.
 *
 * Within the tolerances of models' outputs.
 *
 * The form by the error function, where the tanh form is promised: off by up to 5e-4.
 *
 * KERNEL: op = "gelu_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite boundary"
 */
#include <math.h>
#include <stddef.h>

void scalar_gelu_by_error_function(float *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i++)
        out[i] = x[i] == -INFINITY ? -0.0f : 0.5f * x[i] * erfcf(-0.70710678f * x[i]);
}
