/* See children.h. */
#include "children.h"

#include <sys/wait.h>
#include <time.h>

#include "syscalls.h"

/* A child that comes back from the kernel ends at once; give it the time, so that it is not found again in the next
 * case, which has nothing to do with it. */
#define PATIENCE_MS 2000

/* wait4 fails with ECHILD where there is none, which is the rule; it returns 0 for one that still runs. */
static long any_child(void) {
    return guest_syscall(SYS_wait4, -1, 0, WNOHANG | __WALL, 0);
}

void children_check(fault_report *report, void *context) {
    static const struct timespec millisecond = {.tv_nsec = 1000000};
    uint64_t seen = 0;
    long child = any_child();
    for (int waited_ms = 0; child >= 0 && waited_ms < PATIENCE_MS; child = any_child()) {
        seen += child > 0;
        if (child == 0) {
            guest_syscall(SYS_nanosleep, (long)&millisecond, 0, 0, 0);
            waited_ms++;
        }
    }
    if (seen > 0 || child == 0) {
        report(context, "child process", "POSIX fork: left to the caller", 0, seen + (child == 0));
    }
}
