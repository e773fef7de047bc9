/* softmax_f32, SVE at any vector length: row[i] = e^row[i] / sum(e^row), in place.
 *
 * 1. The largest element m: e^(x - m) is at most 1 and cannot overflow.
 * 2. Replace each x by e^(x - m), and sum them, in two accumulators, because the exponential keeps the core busy
 *    enough.
 * 3. Multiply by the reciprocal of the sum, which is at least 1.
 *
 * Maxima and sums merge (_m) under the partial predicate of the residue: their inactive lanes take part in the
 * reduction. The _x forms leave inactive lanes undefined; what reads them is governed by the same predicate.
 *
 * Rounding (u = 2^-24): x - m rounds once, which e^x turns into up to |x - m| u of relative error; the exponential
 * (1.01 ULP); the sum, of non-negative terms; u each from reciprocal and product. Results lie within [0, 1], and
 * underflow gradually.
 * Conventions: an empty row is left alone. A NaN or +infinity anywhere, or -infinity everywhere, makes the whole
 * row NaN, as the formula does; -infinity among finite elements gives 0.
 * Needs: SVE; nothing of SVE2. No alignment beyond that of float.
 */
#include <arm_sve.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/exp_f32_sve.h"
#include "../common/streaming.h"

static inline float largest_of(const float *row, uint64_t len) STREAMING {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t max0 = svdup_n_f32(-INFINITY), max1 = max0;
    uint64_t i = 0;
    for (; len - i >= 2 * lanes; i += 2 * lanes) {
        max0 = svmax_f32_x(all, max0, svld1_f32(all, row + i));
        max1 = svmax_f32_x(all, max1, svld1_f32(all, row + i + lanes));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        max0 = svmax_f32_m(active, max0, svld1_f32(active, row + i));
    }
    return svmaxv_f32(all, svmax_f32_x(all, max0, max1));
}

void softmax_f32_sve(float *row, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    const float largest = largest_of(row, len);

    svfloat32_t sum0 = svdup_n_f32(0.0f), sum1 = sum0;
    uint64_t i = 0;
    for (; len - i >= 2 * lanes; i += 2 * lanes) {
        const svfloat32_t e0 = exp_nonpositive(all, svsub_n_f32_x(all, svld1_f32(all, row + i), largest));
        const svfloat32_t e1 = exp_nonpositive(all, svsub_n_f32_x(all, svld1_f32(all, row + i + lanes), largest));
        svst1_f32(all, row + i, e0);
        svst1_f32(all, row + i + lanes, e1);
        sum0 = svadd_f32_x(all, sum0, e0);
        sum1 = svadd_f32_x(all, sum1, e1);
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t e = exp_nonpositive(active, svsub_n_f32_x(active, svld1_f32(active, row + i), largest));
        svst1_f32(active, row + i, e);
        sum0 = svadd_f32_m(active, sum0, e);
    }

    const float scale = 1.0f / svaddv_f32(all, svadd_f32_x(all, sum0, sum1));
    for (i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svst1_f32(active, row + i, svmul_n_f32_x(active, svld1_f32(active, row + i), scale));
    }
}
