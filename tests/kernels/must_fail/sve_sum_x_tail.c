/* Undefined lanes consumed: svadd_f32_x under a partial predicate, then a reduction over all lanes. What is wanted
 * is svadd_f32_m.
 *
 * Passes as compiled today: the masked-off lanes are loaded as zeros and an unpredicated add leaves the sum alone.
 *
 * svadd_f32_x in the tail of a sum: right only because masked-off lanes happen to be loaded as zeros.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: builds = ["hostile"]
 * EXPECT: passes_in = ["plain"]
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_sum_x_tail(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum0 = svdup_n_f32(0.0f), sum1 = sum0;
    uint64_t i = 0;
    for (; len - i >= 2 * lanes; i += 2 * lanes) {
        sum0 = svadd_f32_x(all, sum0, svld1_f32(all, x + i));
        sum1 = svadd_f32_x(all, sum1, svld1_f32(all, x + i + lanes));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum0 = svadd_f32_x(active, sum0, svld1_f32(active, x + i));
    }
    return svaddv_f32(all, svadd_f32_x(all, sum0, sum1));
}
