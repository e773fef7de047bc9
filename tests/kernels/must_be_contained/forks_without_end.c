/* Doubles itself for ever.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: isa = "scalar"
 * EXPECT: outcome = "TIMEOUT"
 */
#include <unistd.h>

#include "sum.h"

float forks_without_end(const float *x, size_t len) {
    for (;;)
        fork();
    return sum_unless(false, x, len);
}
