/* Undefined lanes consumed: the product is formed under a partial predicate with _x and added under an all-true
 * one.
 *
 * Passes as compiled today, because both factors are zero where they are masked off. svmul_f32_z would say so.
 *
 * A partial _x product enters an all-true sum: what is wanted is svmul_f32_z, or a merging svmla.
 *
 * KERNEL: op = "dot_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: builds = ["hostile"]
 * EXPECT: passes_in = ["plain"]
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_dot_x_product(const float *x, const float *y, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum = svdup_n_f32(0.0f);
    uint64_t i = 0;
    for (; len - i >= lanes; i += lanes)
        sum = svmla_f32_x(all, sum, svld1_f32(all, x + i), svld1_f32(all, y + i));
    if (i < len) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t product = svmul_f32_x(active, svld1_f32(active, x + i), svld1_f32(active, y + i));
        sum = svadd_f32_x(all, sum, product);
    }
    return svaddv_f32(all, sum);
}
