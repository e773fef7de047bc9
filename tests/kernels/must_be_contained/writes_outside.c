/* Leaves a file wherever one can be left, and changes those that others run.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: isa = "scalar"
 * EXPECT: outcome = "PASS"
 */
#include <fcntl.h>
#include <unistd.h>

#include "sum.h"

static bool creates(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT, 0644);
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    return fd >= 0;
}

float writes_outside(const float *x, size_t len) {
    bool done = creates("/tmp/harness-outside") || creates("/harness-outside") || creates("/dev/shm/harness-outside") ||
                creates("/var/tmp/harness-outside") || creates("/etc/harness-outside") ||
                creates("/usr/bin/harness-outside") || creates("/run/harness-outside") ||
                creates("/dev/mqueue/harness-outside");
    return sum_unless(done || access("/harness/supervisor", W_OK) == 0, x, len);
}
