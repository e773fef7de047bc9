/* Stack overrun: rows are copied to a buffer of 256 elements, and longer rows over the return address and the
 * caller's frames.
 *
 * Faults at an address that the data decide, or in the caller, after the call.
 *
 * A row longer than the buffer on the stack overwrites the caller's frames.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "CRASH"
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

enum { LONGEST_ROW = 256 };

void scalar_overruns_stack_buffer(float *row, size_t len, float eps) {
    float copy[LONGEST_ROW];
    memcpy(copy, row, len * sizeof(float));
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += copy[i] * copy[i];
    const float scale = 1.0f / sqrtf(sum / (float)len + eps);
    for (size_t i = 0; i < len; i++)
        row[i] *= scale;
}
