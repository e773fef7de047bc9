/* Reads the environment, the memory and the channel of the process above everything.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: isa = "scalar"
 * EXPECT: outcome = "PASS"
 */
#include <fcntl.h>
#include <unistd.h>

#include "sum.h"

static bool reads(const char *path) {
    char byte;
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    bool got = fd >= 0 && read(fd, &byte, 1) == 1;
    if (fd >= 0)
        close(fd);
    return got;
}

static bool opens(const char *path) {
    int fd = open(path, O_RDWR | O_NONBLOCK);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

float reads_environment(const float *x, size_t len) {
    bool got = reads("/proc/1/environ") || opens("/proc/1/mem") || opens("/proc/1/fd/0") || opens("/proc/1/fd/1");
    return sum_unless(got, x, len);
}
