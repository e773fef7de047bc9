/* sum_f16, plain C: the sum of a row in half precision, added up and returned in float.
 *
 * Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum.
 * Needs: a compiler with _Float16.
 */
#include <stddef.h>

float sum_f16_scalar(const _Float16 *x, size_t len) {
    float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (size_t i = 0; i < len; i++)
        sums[i % 4] += (float)x[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}
