/* Uninitialised accumulator: svundef_f32 where zeros are wanted, to save an instruction.
 *
 * What a register holds by chance at entry is added to the sum; often that is zero.
 *
 * svundef_f32 as a zero: the sum starts from whatever the register held.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: builds = ["hostile"]
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_undefined_accumulator(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum0 = svdup_n_f32(0.0f), sum1 = svundef_f32();
    uint64_t i = 0;
    for (; len - i >= 2 * lanes; i += 2 * lanes) {
        sum0 = svadd_f32_x(all, sum0, svld1_f32(all, x + i));
        sum1 = svadd_f32_x(all, sum1, svld1_f32(all, x + i + lanes));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum0 = svadd_f32_m(active, sum0, svld1_f32(active, x + i));
    }
    return svaddv_f32(all, svadd_f32_x(all, sum0, sum1));
}
