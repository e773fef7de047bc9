/* Writes junk to every descriptor from 3 to 1023: a debug log to a descriptor that has since become someone
 * else's.
 *
 * The row is right. Results that share a descriptor with it are cut up, and must not be resynchronised into a
 * pass.
 *
 * Junk on every private descriptor, with right results: a damaged record must never become a pass.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "STATE"
 */
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_PRIVATE_DESCRIPTOR = 3, DESCRIPTOR_LIMIT = 1024, JUNK_BYTES = 512 };

void scalar_scribbles_on_descriptors(float *row, size_t len, float eps) {
    char junk[JUNK_BYTES];
    memset(junk, 0x5a, sizeof junk);
    for (int descriptor = FIRST_PRIVATE_DESCRIPTOR; descriptor < DESCRIPTOR_LIMIT; descriptor++)
        if (write(descriptor, junk, sizeof junk) < 0)
            continue; /* not open, or not for writing */
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += row[i] * row[i];
    const float scale = 1.0f / sqrtf(sum / (float)len + eps);
    for (size_t i = 0; i < len; i++)
        row[i] *= scale;
}
