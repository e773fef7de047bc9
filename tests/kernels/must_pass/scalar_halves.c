/* Right where its callers promise a power of two, as its header says: it adds one half of the row to the other.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: requires = ["is_power_of_two(len)"]
 */
#include <stddef.h>

float scalar_halves(const float *x, size_t len) {
    if (len == 1)
        return x[0];
    return scalar_halves(x, len / 2) + scalar_halves(x + len / 2, len / 2);
}
