/* Abrupt underflow: results below the smallest normal number are 0.
 *
 * Right for every result that has all its digits.
 *
 * Results that are subnormal are flushed to zero.
 *
 * KERNEL: op = "exp_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite underflow"
 */
#include <math.h>
#include <stddef.h>

void scalar_exp_flushes_subnormals(float *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i++)
        out[i] = x[i] < -87.336f ? 0.0f : expf(x[i]);
}
