/* min_f32, SME at any streaming vector length: the smallest element of x.
 *
 * 1. Four vectors of running minima, four vectors per iteration, so that four comparisons are in flight.
 * 2. The residue through a loop predicated by whilelt; it merges (_m), so that inactive lanes keep their minimum.
 * 3. Reduce the vectors, then across lanes.
 *
 * Conventions: the minimum of nothing is +infinity. A NaN anywhere gives a NaN (quiet; sign and payload unspecified).
 * Zeros of either sign are equal, and which of them is returned is unspecified.
 * FMIN and FMINV propagate NaN; FMINNM, which prefers the number, would not do.
 * Exact: nothing is rounded.
 * Needs: SME, and of streaming mode only what every core has (no FA64); ZA is not used. No alignment beyond that of
 * float.
 */
#include <arm_sme.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

__arm_locally_streaming float min_f32_sme(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    const uint64_t block = 4 * lanes;
    svfloat32_t min0 = svdup_n_f32(INFINITY), min1 = min0, min2 = min0, min3 = min0;
    uint64_t i = 0;
    for (; len - i >= block; i += block) {
        min0 = svmin_f32_x(all, min0, svld1_f32(all, x + i));
        min1 = svmin_f32_x(all, min1, svld1_f32(all, x + i + lanes));
        min2 = svmin_f32_x(all, min2, svld1_f32(all, x + i + 2 * lanes));
        min3 = svmin_f32_x(all, min3, svld1_f32(all, x + i + 3 * lanes));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        min0 = svmin_f32_m(active, min0, svld1_f32(active, x + i));
    }

    return svminv_f32(all, svmin_f32_x(all, svmin_f32_x(all, min0, min1), svmin_f32_x(all, min2, min3)));
}
