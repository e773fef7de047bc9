/* argmax_f32, SME at any streaming vector length: the index of the largest element of x.
 *
 * 1. The maximum, which a NaN wins (FMAX and FMAXV propagate it), as in max_f32.
 * 2. The first element that is equal to it, or the first NaN: the row is read once more up to there, which keeps index
 *    vectors, and their 32 bits for rows that are longer, out of the first loop.
 *
 * The residue goes through the same loops, predicated by whilelt; the accumulation merges (_m), so that inactive lanes
 * keep their maximum.
 *
 * Conventions: of equal elements the first; zeros of either sign are equal. The first NaN, if there is one, is the
 * largest. 0 for an empty row.
 * Needs: SME, and of streaming mode only what every core has (no FA64); ZA is not used. No alignment beyond that of
 * float.
 */
#include <arm_sme.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

__arm_locally_streaming size_t argmax_f32_sme(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t max0 = svdup_n_f32(-INFINITY), max1 = max0;
    uint64_t i = 0;
    for (; len - i >= 2 * lanes; i += 2 * lanes) {
        max0 = svmax_f32_x(all, max0, svld1_f32(all, x + i));
        max1 = svmax_f32_x(all, max1, svld1_f32(all, x + i + lanes));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        max0 = svmax_f32_m(active, max0, svld1_f32(active, x + i));
    }
    const float largest = svmaxv_f32(all, svmax_f32_x(all, max0, max1));
    const int has_nan = isnan(largest);

    for (i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t v = svld1_f32(active, x + i);
        const svbool_t found = has_nan ? svcmpuo_f32(active, v, v) : svcmpeq_n_f32(active, v, largest);
        if (svptest_any(active, found))
            return i + svcntp_b32(active, svbrkb_b_z(active, found)); /* lanes before the first that is found */
    }
    return 0;
}
