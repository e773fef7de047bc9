/* Undefined lanes consumed, through the overloaded name: svmla_x under a partial predicate, then a reduction over
 * all lanes.
 *
 * The same bug as with svmla_f32_x; a search for the typed name does not find it.
 *
 * The overloaded spelling of a partial _x accumulation: shims must cover both names.
 *
 * KERNEL: op = "dot_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: builds = ["hostile"]
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_dot_overloaded_x(const float *x, const float *y, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum = svdup_n_f32(0.0f);
    uint64_t i = 0;
    for (; len - i >= lanes; i += lanes)
        sum = svmla_f32_x(all, sum, svld1_f32(all, x + i), svld1_f32(all, y + i));
    if (i < len) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum = svmla_x(active, sum, svld1_f32(active, x + i), svld1_f32(active, y + i));
    }
    return svaddv_f32(all, sum);
}
