/* Double counting: the tail re-reads the last full vector, which is fine for a map or a maximum, and counts the
 * overlap twice in a sum.
 *
 * Shows at every size above one vector that is no multiple of it.
 *
 * The overlapping-tail technique in a sum: the overlap is counted twice.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_counts_overlap_twice(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum0 = svdup_n_f32(0.0f);
    uint64_t i = 0;
    for (; len - i >= lanes; i += lanes)
        sum0 = svadd_f32_x(all, sum0, svld1_f32(all, x + i));
    for (; i < len; i += lanes) {
        if (len >= lanes) { /* the last full vector saves the predicate */
            sum0 = svadd_f32_x(all, sum0, svld1_f32(all, x + len - lanes));
            break;
        }
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum0 = svadd_f32_m(active, sum0, svld1_f32(active, x + i));
    }
    return svaddv_f32(all, sum0);
}
