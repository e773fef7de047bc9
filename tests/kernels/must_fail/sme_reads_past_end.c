/* Read out of bounds: the tail is loaded under an all-true predicate; only the accumulation is masked.
 *
 * The result is right. It faults when the row ends at the end of a mapped page, and leaks what lies behind it
 * otherwise.
 *
 * An unpredicated load in the tail, in streaming mode.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "OUT_OF_BOUNDS"
 * EXPECT: cc = "clang"
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

__arm_locally_streaming float sme_reads_past_end(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += svcntw())
        sum = svadd_f32_m(svwhilelt_b32_u64(i, len), sum, svld1_f32(all, x + i));
    return svaddv_f32(all, sum);
}
