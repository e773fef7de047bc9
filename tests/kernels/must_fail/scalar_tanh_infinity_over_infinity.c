/* Overflow in a step between: (e^2x - 1) / (e^2x + 1) is infinity over infinity from 44.4 on.
 *
 * Right wherever tanh is anything but 1.
 *
 * An exponential that overflows, over itself: NaN where 1 is due.
 *
 * KERNEL: op = "tanh_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite special"
 */
#include <math.h>
#include <stddef.h>

void scalar_tanh_infinity_over_infinity(float *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i++) {
        const float less_one = expm1f(2.0f * x[i]);
        out[i] = less_one / (less_one + 2.0f);
    }
}
