/* Narrow counter: the length is kept in 16 bits.
 *
 * Right up to 65535 elements; of 65536 elements it sums none, of 65537 one.
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
