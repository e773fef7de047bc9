/* Ends and stops the process above it, and takes its means away. Not to be run outside a container.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: isa = "scalar"
 * EXPECT: outcome = "PASS"
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sum.h"

float kills_parent(const float *x, size_t len) {
    struct rlimit nothing = {0, 0};
    bool limited = getppid() == 1 && prlimit(1, RLIMIT_CPU, &nothing, NULL) == 0;
    limited = limited || (getppid() == 1 && prlimit(1, RLIMIT_AS, &nothing, NULL) == 0);
    if (getppid() == 1) {
        kill(1, SIGKILL);
        kill(1, SIGSTOP);
        kill(1, SIGTERM);
        kill(-1, SIGKILL);
    }
    return sum_unless(limited, x, len);
}
