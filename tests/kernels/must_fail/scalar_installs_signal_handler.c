/* Signal handler installed: faults end the process with status 0, and there is one, because the last loop runs one
 * element too far.
 *
 * A runner that relies on its own handler staying in place loses the case; one that trusts the status reports
 * success.
 *
 * The kernel replaces the SIGSEGV handler and turns its own write past the end into exit status 0.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "CRASH"
 */
#include <math.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static void leave_quietly(int number) {
    (void)number;
    _exit(0);
}

void scalar_installs_signal_handler(float *row, size_t len, float eps) {
    signal(SIGSEGV, leave_quietly);
    signal(SIGBUS, leave_quietly);
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += row[i] * row[i];
    const float scale = 1.0f / sqrtf(sum / (float)len + eps);
    for (size_t i = 0; i <= len; i++)
        row[i] *= scale;
}
