/* Dropped tail in the first pass: the maximum is that of the whole vectors. Any number near the maximum serves as
 * well, so the result is right, until an element of the tail exceeds it by more than 88.
 *
 * Shows only with a very large element in the residue.
 *
 * The maximum leaves out the residue: right unless the residue holds an element that is larger by 88.
 *
 * It takes a residue element that exceeds the rest by 89 and more to show.
 *
 * KERNEL: op = "softmax_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <arm_sve.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../csrc/kernels/common/exp_f32_sve.h"

void sve_softmax_max_without_tail(float *row, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t max = svdup_n_f32(-INFINITY);
    for (uint64_t i = 0; len - i >= lanes; i += lanes)
        max = svmax_f32_x(all, max, svld1_f32(all, row + i));
    if (len < lanes) /* short rows have no whole vector */
        max = svmax_n_f32_m(svwhilelt_b32_u64(0, len), max, len ? row[0] : 0.0f);
    const float largest = svmaxv_f32(all, max);

    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t e = exp_nonpositive(active, svsub_n_f32_x(active, svld1_f32(active, row + i), largest));
        svst1_f32(active, row + i, e);
        sum = svadd_f32_m(active, sum, e);
    }

    const float scale = 1.0f / svaddv_f32(all, sum);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svst1_f32(active, row + i, svmul_n_f32_x(active, svld1_f32(active, row + i), scale));
    }
}
