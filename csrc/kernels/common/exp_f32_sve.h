/* e^x for x in [-infinity, 0], SVE and streaming mode. Method and error: exp_f32_constants.h. */
#ifndef KERNELS_EXP_F32_SVE_H
#define KERNELS_EXP_F32_SVE_H

#include <arm_sve.h>

#include "exp_f32_constants.h"
#include "streaming.h"

/* e^r - 1 of x = n ln 2 + r; *n is a whole number. Lanes that are not active are undefined in the result and in *n. */
static inline svfloat32_t exp_reduced_minus_one(svbool_t active, svfloat32_t x, svfloat32_t *n) STREAMING {
    *n = svrintn_f32_x(active, svmul_n_f32_x(active, x, EXP_LOG2E));
    const svfloat32_t reduced = svmls_n_f32_x(active, x, *n, EXP_LN2_HIGH);
    const svfloat32_t r = svmls_n_f32_x(active, reduced, *n, EXP_LN2_LOW);
    svfloat32_t q = svdup_n_f32(EXP_C6);
    q = svmad_n_f32_x(active, q, r, EXP_C5);
    q = svmad_n_f32_x(active, q, r, EXP_C4);
    q = svmad_n_f32_x(active, q, r, EXP_C3);
    q = svmad_n_f32_x(active, q, r, EXP_C2);
    return svmla_f32_x(active, r, svmul_f32_x(active, r, r), q);
}

/* e^x = fraction * 2^exponent with the fraction in [0.70, 1.42]. A caller with something to multiply by does so
 * before it scales, so that a subnormal result is rounded once. Lanes that are not active are undefined in the result
 * and in *exponent. svmax (not svmaxnm) keeps a NaN, which then passes through everything. */
static inline svfloat32_t exp_fraction(svbool_t active, svfloat32_t x, svint32_t *exponent) STREAMING {
    svfloat32_t n;
    const svfloat32_t minus_one = exp_reduced_minus_one(active, svmax_n_f32_x(active, x, EXP_LOWEST), &n);
    *exponent = svcvt_s32_f32_x(active, n);
    return svadd_n_f32_x(active, minus_one, 1.0f);
}

static inline svfloat32_t exp_nonpositive(svbool_t active, svfloat32_t x) STREAMING {
    svint32_t exponent;
    const svfloat32_t fraction = exp_fraction(active, x, &exponent);
    return svscale_f32_x(active, fraction, exponent);
}

#endif
