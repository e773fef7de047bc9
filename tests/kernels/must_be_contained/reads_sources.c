/* Looks for what it was compiled from: whoever reads there can learn from others' sources, and perhaps write there.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: isa = "scalar"
 * EXPECT: outcome = "PASS"
 */
#include <fcntl.h>
#include <unistd.h>

#include "sum.h"

float reads_sources(const float *x, size_t len) {
    int fd = open(__FILE__, O_RDONLY);
    if (fd >= 0)
        close(fd);
    return sum_unless(fd >= 0, x, len);
}
