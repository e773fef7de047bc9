/* Overflow: the maximum is not subtracted.
 *
 * Right for moderate rows. One element above 88.7 makes it NaN, a row below -104 makes it 0 / 0.
 *
 * softmax by the textbook formula: one element above 88.7 overflows.
 *
 * It takes rows beyond +-89 to show.
 *
 * KERNEL: op = "softmax_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <math.h>
#include <stddef.h>

void scalar_softmax_without_max(float *row, size_t len) {
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++) {
        row[i] = expf(row[i]);
        sum += row[i];
    }
    for (size_t i = 0; i < len; i++)
        row[i] /= sum;
}
