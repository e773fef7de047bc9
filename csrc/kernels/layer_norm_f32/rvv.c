/* layer_norm_f32, RVV at any vector length: row[i] = (row[i] - mean) / sqrt(variance + eps) * gamma[i] + beta[i], in
 * place.
 *
 * 1. The mean.
 * 2. The mean square of the deviations from it: the difference of the mean square and the squared mean would cancel.
 * 3. One square root and one division for the whole row; scale, and apply gamma and beta.
 *
 * Each pass is one loop, strip-mined by vsetvl, in groups of eight registers. vl may be less than the processor could
 * do, in the last two strips of any row, so sums leave the elements behind vl undisturbed (_tu): those take part in the
 * reduction. Everything else is tail-agnostic, since what it computes is used under the vl that it was computed with.
 *
 * Rounding (u = 2^-24): the sums (chains of n / lanes additions, then across the lanes in any order), the mean, each
 * deviation; the variance's share is halved by the square root; u each from square root, reciprocal and product, and
 * from the fused multiply-add. n is converted to float, which is exact up to 2^24.
 * Conventions: an empty row is left alone. The variance is that of the population (divided by len).
 * Needs: V, or Zve32f. No alignment beyond that of float.
 */
#include <math.h>
#include <riscv_vector.h>
#include <stddef.h>

/* Of all elements of an accumulator. */
static inline float reduce_add(vfloat32m8_t sums) {
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m8_f32m1(sums, zero, __riscv_vsetvlmax_e32m8()));
}

static inline float sum(const float *row, size_t len) {
    vfloat32m8_t sums = __riscv_vfmv_v_f_f32m8(0.0f, __riscv_vsetvlmax_e32m8());
    for (size_t vl; len > 0; len -= vl, row += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        sums = __riscv_vfadd_vv_f32m8_tu(sums, sums, __riscv_vle32_v_f32m8(row, vl), vl);
    }
    return reduce_add(sums);
}

static inline float sum_of_squares(const float *row, size_t len, float mean) {
    vfloat32m8_t sums = __riscv_vfmv_v_f_f32m8(0.0f, __riscv_vsetvlmax_e32m8());
    for (size_t vl; len > 0; len -= vl, row += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        const vfloat32m8_t deviation = __riscv_vfsub_vf_f32m8(__riscv_vle32_v_f32m8(row, vl), mean, vl);
        sums = __riscv_vfmacc_vv_f32m8_tu(sums, deviation, deviation, vl);
    }
    return reduce_add(sums);
}

void layer_norm_f32_rvv(float *row, const float *gamma, const float *beta, size_t len, float eps) {
    const float mean = sum(row, len) / (float)len;
    const float scale = 1.0f / sqrtf(sum_of_squares(row, len, mean) / (float)len + eps);
    for (size_t vl; len > 0; len -= vl, row += vl, gamma += vl, beta += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        const vfloat32m8_t deviation = __riscv_vfsub_vf_f32m8(__riscv_vle32_v_f32m8(row, vl), mean, vl);
        const vfloat32m8_t normal = __riscv_vfmul_vf_f32m8(deviation, scale, vl);
        const vfloat32m8_t weight = __riscv_vle32_v_f32m8(gamma, vl);
        __riscv_vse32_v_f32m8(row, __riscv_vfmacc_vv_f32m8(__riscv_vle32_v_f32m8(beta, vl), normal, weight, vl), vl);
    }
}
