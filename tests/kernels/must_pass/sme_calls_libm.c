/* Right although it calls a function that knows nothing of streaming mode: the compiler leaves the mode around the
 * call, and saves what that zeroes.
 *
 * KERNEL: op = "sigmoid_f32"
 */
#include <arm_sme.h>
#include <math.h>
#include <stddef.h>

__arm_locally_streaming void sme_calls_libm(float *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i++) {
        const float e = expf(-fabsf(x[i]));
        out[i] = (x[i] < 0.0f ? e : 1.0f) / (1.0f + e);
    }
}
