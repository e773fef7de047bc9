/* Closes every descriptor, returns, and is wrong besides (n + 1 instead of n).
 *
 * The results of this case and of all later ones can no longer be reported through a descriptor opened before the
 * call: silence must not read as success.
 *
 * All descriptors closed under a runner that goes on: what it found at entry is not what is there at return.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "STATE"
 */
#include <math.h>
#include <stddef.h>
#include <unistd.h>

enum { DESCRIPTOR_LIMIT = 1024 };

void scalar_closes_descriptors_and_stays(float *row, size_t len, float eps) {
    for (int descriptor = 0; descriptor < DESCRIPTOR_LIMIT; descriptor++)
        close(descriptor);
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += row[i] * row[i];
    const float scale = 1.0f / sqrtf(sum / (float)(len + 1) + eps);
    for (size_t i = 0; i < len; i++)
        row[i] *= scale;
}
