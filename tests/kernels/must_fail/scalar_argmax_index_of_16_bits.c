/* Narrow index: the position of the largest is kept in 16 bits.
 *
 * Right up to 65,536 elements, and on longer rows whose largest element stands early.
 *
 * An index of 16 bits wraps at 65,536.
 *
 * KERNEL: op = "argmax_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite long"
 * EXPECT: rule = "fails exactly where the index of the element that stands out >= 65536"
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

size_t scalar_argmax_index_of_16_bits(const float *x, size_t len) {
    uint16_t best = 0;
    float largest = -INFINITY;
    for (size_t i = 0; i < len; i++) {
        if (isnan(x[i]))
            return i;
        if (x[i] > largest) {
            largest = x[i];
            best = (uint16_t)i;
        }
    }
    return best;
}
