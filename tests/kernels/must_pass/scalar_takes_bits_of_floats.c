/* Declares floats as the integers that hold their bits, whose address and width are the same.
 *
 * KERNEL: op = "scale_f32"
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

void scalar_takes_bits_of_floats(uint32_t *out, const uint32_t *bits, size_t len, float a) {
    for (size_t i = 0; i < len; i++) {
        float number;
        memcpy(&number, bits + i, sizeof number);
        number *= a;
        memcpy(out + i, &number, sizeof number);
    }
}
