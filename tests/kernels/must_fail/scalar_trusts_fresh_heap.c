/* Memory from malloc taken for zeros: it is, as long as the process is young.
 *
 * Memory from malloc is zero while the process is young, and is whatever was freed later.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: builds = ["hostile"]
 * EXPECT: passes_in = ["plain"]
 */
#include <stddef.h>
#include <stdlib.h>

enum { SUMS = 4 };

float scalar_trusts_fresh_heap(const float *x, size_t len) {
    static float *sums;
    if (!sums)
        sums = malloc(SUMS * sizeof *sums); /* BUG: calloc */
    for (size_t i = 0; i < len; i++)
        sums[i % SUMS] += x[i];
    const float total = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    for (size_t j = 0; j < SUMS; j++)
        sums[j] = 0.0f;
    return total;
}
