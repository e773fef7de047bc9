/* max_f32, Advanced SIMD: the largest element of x. Method: extreme_f32_neon.h.
 *
 * Conventions: the maximum of nothing is -infinity. A NaN anywhere gives a NaN (quiet; sign and payload unspecified).
 * Zeros of either sign are equal, and which of them is returned is unspecified.
 * FMAX and FMAXV propagate NaN; FMAXNM, which prefers the number, would not do.
 * Exact: nothing is rounded.
 * Needs: the AArch64 base architecture. No alignment beyond that of float.
 */
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>

#define EXTREME_OF_NOTHING (-INFINITY)
#define EXTREME(a, b) vmaxq_f32(a, b)
#define EXTREME_ACROSS(v) vmaxvq_f32(v)
#include "../common/extreme_f32_neon.h"

float max_f32_neon(const float *x, size_t len) {
    return extreme_f32(x, len);
}
