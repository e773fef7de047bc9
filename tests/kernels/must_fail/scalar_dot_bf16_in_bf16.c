/* Narrow accumulator: the sum is kept in bfloat16 between terms, rounded toward zero by leaving the lower half off.
 *
 * Right for a few terms to two digits.
 *
 * The sum is kept in bfloat16 between terms.
 *
 * KERNEL: op = "dot_bf16"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite sensitivity"
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static float widen(uint16_t bits) {
    const uint32_t single = (uint32_t)bits << 16;
    float number;
    memcpy(&number, &single, sizeof number);
    return number;
}

static uint16_t narrow(float number) {
    uint32_t single;
    memcpy(&single, &number, sizeof single);
    return (uint16_t)(single >> 16);
}

float scalar_dot_bf16_in_bf16(const uint16_t *x, const uint16_t *y, size_t len) {
    uint16_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum = narrow(widen(sum) + widen(x[i]) * widen(y[i]));
    return widen(sum);
}
