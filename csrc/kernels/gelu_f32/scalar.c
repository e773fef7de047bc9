/* gelu_f32, plain C: GELU in its tanh form, x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
 *
 * 1. x (1 + tanh u) / 2 = x / (1 + e^-v) with u = sqrt(2 / pi) (x + 0.044715 x^3) and v = 2 u. e = e^-|v| lies in
 *    [0, 1], so nothing overflows.
 * 2. For x < 0, x e / (1 + e); otherwise x / (1 + e): no cancellation in either.
 * 3. For x < 0, e is multiplied in as the square of e^-|v/2|, the second time last, so that a subnormal result is
 *    rounded once; -infinity is raised to -12, where the result is -0 already.
 *
 * Conventions: -0 at -infinity, +infinity at +infinity, NaN at NaN. out may be x; otherwise the two may not overlap.
 * Needs: C11 and the functions of math.h.
 */
#include <math.h>
#include <stddef.h>

#define GELU_LOWEST (-12.0f)
#define GELU_LINEAR 1.595769122f  /* 2 sqrt(2 / pi) */
#define GELU_CUBIC 0.07135481628f /* 0.044715 times that */

void gelu_f32_scalar(float *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i++) {
        const float raised = x[i] < GELU_LOWEST ? GELU_LOWEST : x[i];
        const float v = raised * (GELU_CUBIC * (raised * raised) + GELU_LINEAR);
        const float root = expf(-0.5f * fabsf(v));
        const float quotient = raised / (1.0f + root * root);
        out[i] = raised < 0.0f ? quotient * root * root : quotient;
    }
}
