/* Wrong width: its header says `int len`, and here it is a size_t. The caller leaves the upper half of the register
 * undefined.
 *
 * Right as long as the caller happens to have zeros there, which is what compilers mostly leave.
 *
 * The header says int, the code size_t: the upper half of the register is whatever the caller left there.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = "float scalar_reads_int_as_size_t(const float *x, int len)"
 * EXPECT: outcome = "OUT_OF_BOUNDS"
 * EXPECT: builds = ["hostile"]
 * EXPECT: passes_in = ["plain"]
 */
#include <stddef.h>

float scalar_reads_int_as_size_t(const float *x, size_t len) {
    float sum0 = 0.0f, sum1 = 0.0f;
    size_t i = 0;
    for (; len - i >= 2; i += 2) {
        sum0 += x[i];
        sum1 += x[i + 1];
    }
    for (; i < len; i++)
        sum0 += x[i];
    return sum0 + sum1;
}
