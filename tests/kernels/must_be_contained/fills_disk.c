/* Writes until nothing can be written any more, at most 4 GiB, and leaves it there.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: isa = "scalar"
 * EXPECT: outcome = "PASS"
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sum.h"

static char block[1 << 20];

float fills_disk(const float *x, size_t len) {
    memset(block, 1, sizeof block);
    int fd = open("fills_disk", O_WRONLY | O_CREAT, 0644);
    int blocks = 0;
    while (blocks < 4096 && write(fd, block, sizeof block) > 0)
        blocks++;
    close(fd);
    return sum_unless(blocks == 4096, x, len);
}
