/* No intruder: what the verdict on a kernel beside them has to be. */
#include "sum.h"

float sums(const float *x, size_t len) {
    return sum_unless(false, x, len);
}
