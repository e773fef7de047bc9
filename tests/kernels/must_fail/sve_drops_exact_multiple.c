/* Wrong at exact multiples: the last vector is left to the tail, whose predicate counts len % lanes elements,
 * which is none where the vector is full.
 *
 * Every other size is right.
 *
 * A tail of len % lanes elements that is meant to be a full vector is empty: only exact multiples fail.
 *
 * KERNEL: op = "dot_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_drops_exact_multiple(const float *x, const float *y, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum = svdup_n_f32(0.0f);
    uint64_t i = 0;
    for (; len - i > lanes; i += lanes)
        sum = svmla_f32_x(all, sum, svld1_f32(all, x + i), svld1_f32(all, y + i));
    if (i < len) {
        const svbool_t active = svwhilelt_b32_u64(0, len % lanes);
        sum = svmla_f32_m(active, sum, svld1_f32(active, x + i), svld1_f32(active, y + i));
    }
    return svaddv_f32(all, sum);
}
