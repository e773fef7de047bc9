/* max_f32, SVE at any vector length: the largest element of x. Method: extreme_f32_sve.h.
 *
 * Conventions: the maximum of nothing is -infinity. A NaN anywhere gives a NaN (quiet; sign and payload unspecified).
 * Zeros of either sign are equal, and which of them is returned is unspecified.
 * FMAX and FMAXV propagate NaN; FMAXNM, which prefers the number, would not do.
 * Exact: nothing is rounded.
 * Needs: SVE; nothing of SVE2. No alignment beyond that of float.
 */
#include <arm_sve.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#define EXTREME_OF_NOTHING (-INFINITY)
#define EXTREME_X(active, a, b) svmax_f32_x(active, a, b)
#define EXTREME_M(active, a, b) svmax_f32_m(active, a, b)
#define EXTREME_ACROSS(active, v) svmaxv_f32(active, v)
#include "../common/extreme_f32_sve.h"

float max_f32_sve(const float *x, size_t len) {
    return extreme_f32(x, len);
}
