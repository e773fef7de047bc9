/* State carried between calls: the sum is static and never cleared.
 *
 * The first call of a process is right; a harness that starts one process per case sees nothing.
 *
 * A static accumulator: the first call is right, every later one includes it.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <stddef.h>

float scalar_carries_state(const float *x, size_t len) {
    static float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += x[i];
    return sum;
}
