/* Dropped tail: whole vectors only; the residue loop was forgotten.
 *
 * Right for rows that are a multiple of the streaming vector length.
 *
 * The residue loop was forgotten, in streaming mode.
 *
 * KERNEL: op = "dot_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: cc = "clang"
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

__arm_locally_streaming float sme_dropped_tail(const float *x, const float *y, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; len - i >= lanes; i += lanes)
        sum = svmla_f32_x(all, sum, svld1_f32(all, x + i), svld1_f32(all, y + i));
    return svaddv_f32(all, sum);
}
