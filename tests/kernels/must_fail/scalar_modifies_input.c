/* Input modified: a const argument serves as scratch.
 *
 * The result is right; the caller's data are not any more.
 *
 * A const input is used as scratch: the result is right, the input is destroyed.
 *
 * KERNEL: op = "dot_f32"
 * EXPECT: outcome = "STATE"
 */
#include <stddef.h>

float scalar_modifies_input(const float *x, const float *y, size_t len) {
    float *product = (float *)x; /* saves a buffer */
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++) {
        product[i] = x[i] * y[i];
        sum += product[i];
    }
    return sum;
}
