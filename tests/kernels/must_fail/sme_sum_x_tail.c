/* Undefined lanes consumed: svadd_f32_x under a partial predicate in streaming mode, then a reduction over all lanes.
 * What is wanted is svadd_f32_m.
 *
 * svadd_f32_x in the tail leaves inactive lanes undefined in streaming mode as elsewhere.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: cc = "clang"
 * EXPECT: builds = ["hostile"]
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

__arm_locally_streaming float sme_sum_x_tail(const float *x, size_t len) {
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum = svadd_f32_x(active, sum, svld1_f32(active, x + i));
    }
    return svaddv_f32(svptrue_b32(), sum);
}
