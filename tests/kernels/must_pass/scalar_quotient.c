/* Right as it is written: where e**-x overflows, the quotient is 0 instead of something below the normal numbers.
 *
 * KERNEL: op = "sigmoid_f32"
 */
#include <math.h>
#include <stddef.h>

void scalar_quotient(float *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i++)
        out[i] = 1.0f / (1.0f + expf(-x[i]));
}
