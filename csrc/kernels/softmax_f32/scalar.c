/* softmax_f32, plain C: row[i] = e^row[i] / sum(e^row), in place.
 *
 * 1. The largest element m: e^(x - m) is at most 1 and cannot overflow.
 * 2. Replace each x by e^(x - m), and sum them, in four independent sums.
 * 3. Multiply by the reciprocal of the sum, which is at least 1.
 *
 * Rounding (u = 2^-24): x - m rounds once, which e^x turns into up to |x - m| u of relative error; the exponential
 * (that of libm, below 1 ULP); the sum, of non-negative terms; u each from reciprocal and product. Results lie
 * within [0, 1], and underflow gradually.
 * Conventions: an empty row is left alone. A NaN or +infinity anywhere, or -infinity everywhere, makes the whole
 * row NaN, as the formula does; -infinity among finite elements gives 0.
 * Needs: C11 and expf.
 */
#include <math.h>
#include <stddef.h>

void softmax_f32_scalar(float *row, size_t len) {
    /* A NaN compares false and does not become the maximum; it reaches every element through the sum. */
    float largest = -INFINITY;
    for (size_t i = 0; i < len; i++)
        largest = row[i] > largest ? row[i] : largest;

    float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (size_t i = 0; i < len; i++) {
        row[i] = expf(row[i] - largest);
        sums[i % 4] += row[i];
    }

    const float scale = 1.0f / ((sums[0] + sums[1]) + (sums[2] + sums[3]));
    for (size_t i = 0; i < len; i++)
        row[i] *= scale;
}
