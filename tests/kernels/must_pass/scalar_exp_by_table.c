/* An exponential by table, in double: 32 powers of two, and three terms of a series for the rest. No polynomial of five
 * terms, no float in between; rounded once to float, also where the result is subnormal.
 *
 * KERNEL: op = "exp_f32"
 */
#include <math.h>
#include <stddef.h>

enum { STEPS = 32 };
#define LOG2E 0x1.71547652b82fep+0
#define LN2 0x1.62e42fefa39efp-1

/* 2^(i / STEPS) */
static const double POWERS[STEPS] = {
    0x1.0000000000000p+0, 0x1.059b0d3158574p+0, 0x1.0b5586cf9890fp+0, 0x1.11301d0125b51p+0, 0x1.172b83c7d517bp+0,
    0x1.1d4873168b9aap+0, 0x1.2387a6e756238p+0, 0x1.29e9df51fdee1p+0, 0x1.306fe0a31b715p+0, 0x1.371a7373aa9cbp+0,
    0x1.3dea64c123422p+0, 0x1.44e086061892dp+0, 0x1.4bfdad5362a27p+0, 0x1.5342b569d4f82p+0, 0x1.5ab07dd485429p+0,
    0x1.6247eb03a5585p+0, 0x1.6a09e667f3bcdp+0, 0x1.71f75e8ec5f74p+0, 0x1.7a11473eb0187p+0, 0x1.82589994cce13p+0,
    0x1.8ace5422aa0dbp+0, 0x1.93737b0cdc5e5p+0, 0x1.9c49182a3f090p+0, 0x1.a5503b23e255dp+0, 0x1.ae89f995ad3adp+0,
    0x1.b7f76f2fb5e47p+0, 0x1.c199bdd85529cp+0, 0x1.cb720dcef9069p+0, 0x1.d5818dcfba487p+0, 0x1.dfc97337b9b5fp+0,
    0x1.ea4afa2a490dap+0, 0x1.f50765b6e4540p+0,
};

void scalar_exp_by_table(float *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (isnan(x[i])) {
            out[i] = x[i] + x[i];
            continue;
        }
        const double kept = fmin(fmax((double)x[i], -200.0), 200.0);
        const int steps = (int)rint(kept * (LOG2E * STEPS));
        const double r = kept - steps * (LN2 / STEPS); /* at most (ln 2) / 64 */
        const double series = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0))));
        const int place = steps & (STEPS - 1);
        out[i] = (float)ldexp(POWERS[place] * series, (steps - place) / STEPS);
    }
}
