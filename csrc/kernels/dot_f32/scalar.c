/* dot_f32, plain C: the sum of x[i] * y[i].
 *
 * 1. Four independent sums: four chains a quarter as long each, which shortens both the latency and the worst-case
 *    rounding error.
 * 2. The residue into the first of them.
 * 3. Add the four.
 *
 * Rounding (u = 2^-24): each product and each addition rounds, in chains of n / 4 terms; the error is bounded by u
 * times the length of the chain times the sum of |x[i] y[i]|, and is near the square root of that for signs at
 * random. The order of the terms is not that of the row, so whether an intermediate sum overflows may differ from
 * a sequential sum.
 *
 * Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum.
 * Needs: C11.
 */
#include <stddef.h>

float dot_f32_scalar(const float *x, const float *y, size_t len) {
    float sum0 = 0.0f, sum1 = 0.0f, sum2 = 0.0f, sum3 = 0.0f;
    size_t i = 0;
    for (; len - i >= 4; i += 4) {
        sum0 += x[i] * y[i];
        sum1 += x[i + 1] * y[i + 1];
        sum2 += x[i + 2] * y[i + 2];
        sum3 += x[i + 3] * y[i + 3];
    }
    for (; i < len; i++)
        sum0 += x[i] * y[i];
    return (sum0 + sum1) + (sum2 + sum3);
}
