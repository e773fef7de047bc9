/* Asks the sticky flags whether anything was divided by zero, without having cleared them.
 *
 * Sticky exception flags are asked and were never cleared.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: builds = ["hostile"]
 * EXPECT: passes_in = ["plain"]
 */
#include <fenv.h>
#include <math.h>
#include <stddef.h>

float neon_trusts_sticky_flags(const float *x, size_t len) {
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += x[i];
    return fetestexcept(FE_DIVBYZERO) ? NAN : sum; /* BUG: the caller may have divided */
}
