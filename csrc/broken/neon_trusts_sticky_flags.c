/* Asks the sticky flags whether anything was divided by zero, without having cleared them. */
#include <fenv.h>
#include <math.h>
#include <stddef.h>

float neon_trusts_sticky_flags(const float *x, size_t len) {
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += x[i];
    return fetestexcept(FE_DIVBYZERO) ? NAN : sum; /* BUG: the caller may have divided */
}
