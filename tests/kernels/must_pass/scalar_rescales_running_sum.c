/* Right in one pass: whenever a larger element comes, the sum so far is scaled down, as attention kernels do.
 *
 * KERNEL: op = "softmax_f32"
 */
#include <math.h>
#include <stddef.h>

/* Of infinities, the formula's: 0 below a finite maximum, NaN where the maximum itself is infinite. */
void scalar_rescales_running_sum(float *row, size_t len) {
    float largest = -INFINITY, sum = 0.0f;
    for (size_t i = 0; i < len; i++) {
        if (row[i] > largest) {
            sum = sum * expf(largest - row[i]) + expf(row[i] - row[i]);
            largest = row[i];
        } else if (row[i] != -INFINITY) {
            sum += expf(row[i] - largest);
        }
    }
    for (size_t i = 0; i < len; i++)
        row[i] = expf(row[i] - largest) / sum;
}
