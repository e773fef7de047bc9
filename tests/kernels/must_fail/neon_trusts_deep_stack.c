/* Sums in a large local array that is never cleared before its first use: the stack that far down is new, and zero.
 *
 * A large local array is used before it is cleared: deeper than what a test's stack has ever held.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: builds = ["hostile"]
 */
#include <stddef.h>

enum { SUMS = 4, ROOM = 8192 };

float neon_trusts_deep_stack(const float *x, size_t len) {
    volatile float room[ROOM]; /* BUG: = {0} */
    for (size_t i = 0; i < len; i++)
        room[i % SUMS] += x[i];
    const float total = (room[0] + room[1]) + (room[2] + room[3]);
    for (size_t j = 0; j < SUMS; j++)
        room[j] = 0.0f;
    return total;
}
