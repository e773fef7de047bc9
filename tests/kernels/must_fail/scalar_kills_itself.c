/* Ends by SIGKILL, as a process does that the out-of-memory killer has chosen.
 *
 * No handler sees it; only the parent can tell which case it was.
 *
 * SIGKILL cannot be caught: the host must attribute it to the case and go on behind it.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "CRASH"
 */
#include <math.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

int kill(pid_t process, int number); /* <signal.h> hides it from strict C11 */

enum { KILL = 9 };

void scalar_kills_itself(float *row, size_t len, float eps) {
    if (len >= 8192)
        kill(getpid(), KILL);
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += row[i] * row[i];
    const float scale = 1.0f / sqrtf(sum / (float)len + eps);
    for (size_t i = 0; i < len; i++)
        row[i] *= scale;
}
