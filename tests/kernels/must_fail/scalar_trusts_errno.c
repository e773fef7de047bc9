/* Asks errno whether the mathematical functions had a range error, without having cleared it.
 *
 * errno is asked and was never cleared: what some other function left there decides.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: builds = ["hostile"]
 * EXPECT: passes_in = ["plain"]
 */
#include <errno.h>
#include <math.h>
#include <stddef.h>

float scalar_trusts_errno(const float *x, size_t len) {
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += x[i];
    return errno == ERANGE ? HUGE_VALF : sum; /* BUG: what set it may have been long ago */
}
