/* Right although it keeps state between calls: no result depends on it.
 *
 * KERNEL: op = "sum_f32"
 */
#include <stddef.h>

float scalar_counts_its_calls(const float *x, size_t len) {
    static volatile size_t call_count;
    call_count = call_count + 1;
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += x[i];
    return sum;
}
