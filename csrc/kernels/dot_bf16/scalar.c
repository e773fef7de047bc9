/* dot_bf16, plain C: the sum of x[i] * y[i] of bfloat16, added up and returned in float.
 *
 * A bfloat16 is the upper half of a float: no compiler support is needed to read one. A product of two is exact in
 * float. Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum. Needs: C11.
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

float dot_bf16_scalar(const uint16_t *x, const uint16_t *y, size_t len) {
    float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (size_t i = 0; i < len; i++)
        sums[i % 4] += widen(x[i]) * widen(y[i]);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}
