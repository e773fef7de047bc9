/* Takes memory, and uses it, without end.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: isa = "scalar"
 * EXPECT: outcome = "CRASH"
 * EXPECT: or_outcome = "TIMEOUT"
 */
#define _DEFAULT_SOURCE
#include <sys/mman.h>

#include "sum.h"

float eats_memory(const float *x, size_t len) {
    for (;;)
        mmap(NULL, 1 << 26, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return sum_unless(false, x, len);
}
