/* min_f32, RVV at any vector length: the smallest element of x. Method: extreme_f32_rvv.h.
 *
 * Conventions: the minimum of nothing is +infinity. A NaN anywhere gives a NaN (quiet; sign and payload unspecified).
 * Zeros of either sign are equal, and which of them is returned is unspecified.
 * Exact: nothing is rounded.
 * Needs: V, or Zve32f. No alignment beyond that of float.
 */
#include <math.h>
#include <riscv_vector.h>
#include <stddef.h>
#include <stdint.h>

#define EXTREME_OF_NOTHING INFINITY
#define EXTREME_TU(a, b, vl) __riscv_vfmin_vv_f32m8_tu(a, a, b, vl)
#define EXTREME_ACROSS(v, start, vl) __riscv_vfredmin_vs_f32m8_f32m1(v, start, vl)
#include "../common/extreme_f32_rvv.h"

float min_f32_rvv(const float *x, size_t len) {
    return extreme_f32(x, len);
}
