/* Raises a signal: an input check that ends the program on an empty row or a NaN.
 *
 * The signal is one that nothing else in the process sends.
 *
 * SIGTERM on unwelcome input: an asynchronous signal, not a fault.
 *
 * It takes size 0 or a NaN to show.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "CRASH"
 */
#include <math.h>
#include <signal.h>
#include <stddef.h>

void scalar_raises_sigterm(float *row, size_t len, float eps) {
    if (len == 0 || row[0] != row[0])
        raise(SIGTERM);
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += row[i] * row[i];
    const float scale = 1.0f / sqrtf(sum / (float)len + eps);
    for (size_t i = 0; i < len; i++)
        row[i] *= scale;
}
