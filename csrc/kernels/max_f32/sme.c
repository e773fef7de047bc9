/* max_f32, SME at any streaming vector length: the largest element of x.
 *
 * 1. Four vectors of running maxima, four vectors per iteration, so that four comparisons are in flight.
 * 2. The residue through a loop predicated by whilelt; it merges (_m), so that inactive lanes keep their maximum.
 * 3. Reduce the vectors, then across lanes.
 *
 * Conventions: the maximum of nothing is -infinity. A NaN anywhere gives a NaN (quiet; sign and payload unspecified).
 * Zeros of either sign are equal, and which of them is returned is unspecified.
 * FMAX and FMAXV propagate NaN; FMAXNM, which prefers the number, would not do.
 * Exact: nothing is rounded.
 * Needs: SME, and of streaming mode only what every core has (no FA64); ZA is not used. No alignment beyond that of
 * float.
 */
#include <arm_sme.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

__arm_locally_streaming float max_f32_sme(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    const uint64_t block = 4 * lanes;
    svfloat32_t max0 = svdup_n_f32(-INFINITY), max1 = max0, max2 = max0, max3 = max0;
    uint64_t i = 0;
    for (; len - i >= block; i += block) {
        max0 = svmax_f32_x(all, max0, svld1_f32(all, x + i));
        max1 = svmax_f32_x(all, max1, svld1_f32(all, x + i + lanes));
        max2 = svmax_f32_x(all, max2, svld1_f32(all, x + i + 2 * lanes));
        max3 = svmax_f32_x(all, max3, svld1_f32(all, x + i + 3 * lanes));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        max0 = svmax_f32_m(active, max0, svld1_f32(active, x + i));
    }

    return svmaxv_f32(all, svmax_f32_x(all, svmax_f32_x(all, max0, max1), svmax_f32_x(all, max2, max3)));
}
