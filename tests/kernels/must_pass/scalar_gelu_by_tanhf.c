/* The formula as it is documented, by libm: 1 + tanh cancels below zero.
 *
 * KERNEL: op = "gelu_f32"
 * KERNEL: libraries = ["m"]
 */
#include <math.h>
#include <stddef.h>

void scalar_gelu_by_tanhf(float *out, const float *x, size_t len) {
    const float scale = sqrtf(2.0f / (float)M_PI);
    for (size_t i = 0; i < len; i++) {
        const float cube = x[i] * x[i] * x[i];
        out[i] = x[i] == -INFINITY ? -0.0f : x[i] * (1.0f + tanhf(scale * (x[i] + 0.044715f * cube))) / 2.0f;
    }
}
