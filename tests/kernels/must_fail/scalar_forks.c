/* Forks once and lets both processes return: a worker that was meant to wait for jobs.
 *
 * Two runners go on with one set of descriptors, and every result arrives twice, in any order.
 *
 * Two processes return from one call and both go on to report: no result of such a run can be trusted.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "STATE"
 */
#include <math.h>
#include <stddef.h>
#include <unistd.h>

void scalar_forks(float *row, size_t len, float eps) {
    static int forked;
    if (!forked) {
        forked = 1;
        if (fork() < 0)
            return;
    }
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += row[i] * row[i];
    const float scale = 1.0f / sqrtf(sum / (float)len + eps);
    for (size_t i = 0; i < len; i++)
        row[i] *= scale;
}
