/* Narrow index: the loop counts with int.
 *
 * Right up to 2^31 - 1 elements; of 2^31 it sums none, since their number is negative as an int. The correct one
 * is must_pass/scalar_64_bit_index.c.
 *
 * for (int i = 0; i < (int)len; i++): wrong from 2^31 elements on.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--case huge/len2147483655-sparse"
 */
#include <stddef.h>

float scalar_31_bit_index(const float *x, size_t len) {
    float sum = 0.0f;
    for (int i = 0; i < (int)len; i++)
        sum += x[i];
    return sum;
}
