/* Declares halves as their bits, as code does that is older than _Float16.
 *
 * KERNEL: op = "sum_f16"
 * KERNEL: isa = "scalar"
 * KERNEL: prototype = "float takes_halves_as_bits(const uint16_t *x, size_t len)"
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

float takes_halves_as_bits(const uint16_t *x, size_t len) {
    float total = 0.0f;
    for (size_t i = 0; i < len; i++) {
        _Float16 half;
        memcpy(&half, &x[i], sizeof half);
        total += (float)half;
    }
    return total;
}
