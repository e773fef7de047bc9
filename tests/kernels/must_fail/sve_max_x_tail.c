/* Undefined lanes consumed: svmax_f32_x in the tail. A compiler may keep either operand in the inactive lanes, and
 * the loaded one is zero there.
 *
 * Shows where undefined lanes are filled with something large; a quiet NaN is swallowed by some reductions.
 *
 * svmax_f32_x in the tail: the inactive lanes may hold the zeros of the load instead of the maximum.
 *
 * KERNEL: op = "max_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: builds = ["hostile"]
 */
#include <arm_sve.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

float sve_max_x_tail(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t largest = svdup_n_f32(-INFINITY);
    uint64_t i = 0;
    for (; len - i >= lanes; i += lanes)
        largest = svmax_f32_x(all, largest, svld1_f32(all, x + i));
    if (i < len) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        largest = svmax_f32_x(active, largest, svld1_f32(active, x + i));
    }
    return svmaxv_f32(all, largest);
}
