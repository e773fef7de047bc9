/* Sleeps for ever: it uses no CPU time, and no signal that can be blocked wakes it.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: isa = "scalar"
 * EXPECT: outcome = "TIMEOUT"
 */
#include <signal.h>
#include <unistd.h>

#include "sum.h"

float never_returns(const float *x, size_t len) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (;;)
        pause();
    return sum_unless(false, x, len);
}
