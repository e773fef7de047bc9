/* State carried between calls: the scale is cached under the length of the row, not its contents.
 *
 * Wrong from the second row of equal length in succession on.
 *
 * A cache with too small a key: two different rows of one length in succession show it.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <math.h>
#include <stddef.h>

void scalar_caches_by_length(float *row, size_t len, float eps) {
    static size_t cached_len;
    static float cached_scale;
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += row[i] * row[i];
    if (len != cached_len) {
        cached_scale = 1.0f / sqrtf(sum / (float)len + eps);
        cached_len = len;
    }
    const float scale = cached_scale;
    for (size_t i = 0; i < len; i++)
        row[i] *= scale;
}
