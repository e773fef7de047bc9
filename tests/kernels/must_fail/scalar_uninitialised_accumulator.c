/* Uninitialised memory: the last of four partial sums is never cleared.
 *
 * The stack below the caller is often zero in a fresh process: shows once it has been filled.
 *
 * One accumulator on the stack is never cleared: right in a fresh process, wrong on a used stack.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <stddef.h>

enum { CHAINS = 4 };

float scalar_uninitialised_accumulator(const float *x, size_t len) {
    volatile float sums[CHAINS];
    for (int chain = 0; chain < CHAINS - 1; chain++)
        sums[chain] = 0.0f;
    for (size_t i = 0; i < len; i++)
        sums[i % CHAINS] += x[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}
