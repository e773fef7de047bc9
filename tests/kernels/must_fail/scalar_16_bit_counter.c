/* Narrow counter: the length is kept in 16 bits.
 *
 * Right up to 65535 elements; of 65536 elements it sums none, of 65537 one.
 *
 * A 16-bit element count: wrong from 65536 elements on.
 *
 * It takes sizes 65536 and 65537 to show.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: rule = "fails exactly where len >= 65536"
 */
#include <stddef.h>
#include <stdint.h>

float scalar_16_bit_counter(const float *x, size_t len) {
    float sum = 0.0f;
    const uint16_t count = (uint16_t)len;
    for (uint16_t i = 0; i < count; i++)
        sum += x[i];
    return sum;
}
