/* NaN swallowed: FMAXNM prefers the number, where the contract wants the NaN.
 *
 * Every row of numbers is right.
 *
 * FMAXNM instead of FMAX: only a NaN in the input shows it.
 *
 * It takes special values to show.
 *
 * KERNEL: op = "max_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <arm_sve.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

float sve_max_swallows_nan(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t largest = svdup_n_f32(-INFINITY);
    uint64_t i = 0;
    for (; len - i >= lanes; i += lanes)
        largest = svmaxnm_f32_x(all, largest, svld1_f32(all, x + i));
    if (i < len) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        largest = svmaxnm_f32_m(active, largest, svld1_f32(active, x + i));
    }
    return svmaxnmv_f32(all, largest);
}
