/* min_f32, Advanced SIMD: the smallest element of x. Method: extreme_f32_neon.h.
 *
 * Conventions: the minimum of nothing is +infinity. A NaN anywhere gives a NaN (quiet; sign and payload unspecified).
 * Zeros of either sign are equal, and which of them is returned is unspecified.
 * FMIN and FMINV propagate NaN; FMINNM, which prefers the number, would not do.
 * Exact: nothing is rounded.
 * Needs: the AArch64 base architecture. No alignment beyond that of float.
 */
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>

#define EXTREME_OF_NOTHING INFINITY
#define EXTREME(a, b) vminq_f32(a, b)
#define EXTREME_ACROSS(v) vminvq_f32(v)
#include "../common/extreme_f32_neon.h"

float min_f32_neon(const float *x, size_t len) {
    return extreme_f32(x, len);
}
