/* Tries nothing: what the verdict on a kernel beside the others has to be.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: isa = "scalar"
 * EXPECT: outcome = "PASS"
 */
#include "sum.h"

float sums(const float *x, size_t len) {
    return sum_unless(false, x, len);
}
