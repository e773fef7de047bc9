/* Constants of the vector exponential that softmax, sigmoid, silu, exp, gelu and tanh share: e^x for x in
 * [-infinity, 0]; exp says what it does beyond.
 *
 *     n = round(x / ln 2),  r = x - n ln 2,  |r| <= (ln 2) / 2       reduction of Cody and Waite, 1980
 *     e^r = 1 + (r + r^2 q(r)),  q of degree 4                       minimax in the relative error
 *     e^x = e^r 2^n                                                  rounded once, also where it is subnormal
 *
 * LN2_HIGH has 15 significant bits, so that n * LN2_HIGH and its difference from x are exact; LN2_LOW is the rest,
 * to float. The coefficients were found by Remez's algorithm in 60 digits (error 2^-24 * 0.051) and rounded to float.
 *
 * Worst error, measured over every float in [-105, -2^-31]: 1.009 ULP at x = -0x1.b610fp+4; 0.75 units of the last
 * place of a subnormal result, at x = -0x1.601a64p+6. Never above 1; e^0 is 1. The vector versions execute the
 * same operations and agree bit for bit.
 */
#ifndef KERNELS_EXP_F32_CONSTANTS_H
#define KERNELS_EXP_F32_CONSTANTS_H

#define EXP_LOG2E 0x1.715476p+0f
#define EXP_LN2_HIGH 0x1.62e4p-1f
#define EXP_LN2_LOW 0x1.7f7d1cp-20f
#define EXP_C2 0x1.fffffcp-2f
#define EXP_C3 0x1.555492p-3f
#define EXP_C4 0x1.5558f2p-5f
#define EXP_C5 0x1.1239d4p-7f
#define EXP_C6 0x1.6a244cp-10f

/* Below -104, e^x rounds to zero, and below -109, x e^x does: arguments are raised to this, which keeps n in a range
 * where 2^n is the product of two normal floats. */
#define EXP_LOWEST (-120.0f)

#endif
