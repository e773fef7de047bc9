/* A constant is set up in the first call, behind its use.
 *
 * Right from the second call on: shows only where the first call of a process has elements.
 *
 * KERNEL: op = "sigmoid_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

void scalar_sets_up_too_late(float *out, const float *x, size_t len) {
    static float one;
    static bool is_ready;
    for (size_t i = 0; i < len; i++)
        out[i] = one / (one + expf(-x[i]));
    if (!is_ready) { /* BUG: belongs in front of the loop */
        one = 1.0f;
        is_ready = true;
    }
}
