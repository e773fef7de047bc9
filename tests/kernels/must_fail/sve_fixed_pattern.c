/* Width hard-coded: "all lanes" is the pattern VL8. At 128 bits, where there are no eight lanes, it is all false;
 * from 512 bits on it is half the lanes or fewer.
 *
 * Right at 256 bits.
 *
 * svptrue_pat_b32(SV_VL8) is all false where there are fewer than eight lanes.
 *
 * KERNEL: op = "dot_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: vector_bits = [128, 512, 1024, 2048]
 * EXPECT: passes_at = [256]
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_fixed_pattern(const float *x, const float *y, size_t len) {
    const svbool_t all = svptrue_pat_b32(SV_VL8);
    const uint64_t lanes = svcntw();
    svfloat32_t sum = svdup_n_f32(0.0f);
    uint64_t i = 0;
    for (; len - i >= lanes; i += lanes)
        sum = svmla_f32_x(all, sum, svld1_f32(all, x + i), svld1_f32(all, y + i));
    if (i < len) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum = svmla_f32_m(active, sum, svld1_f32(active, x + i), svld1_f32(active, y + i));
    }
    return svaddv_f32(all, sum);
}
