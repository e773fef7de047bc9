/* rms_norm_f32, RVV at any vector length: row[i] = row[i] / sqrt(mean(row^2) + eps), in place.
 *
 * 1. Sum of squares by fused multiply-adds into one accumulator of eight registers (LMUL 8), whose lanes are
 *    independent of each other, which keeps the multipliers busy without unrolling.
 * 2. One square root and one division for the whole row.
 * 3. Scale the row by the reciprocal.
 *
 * Both passes go in strips of whatever vl the processor chooses. Accumulation is tail-undisturbed (_tu): lanes that a
 * short strip leaves out keep what they have summed and are reduced with the rest. Everything else is tail-agnostic,
 * since what it computes is used under the vl that it was computed with.
 *
 * Rounding (u = 2^-24): the sum (chains of n / lanes fused additions, then across the lanes in any order), halved by
 * the square root; 1/2 u each from the division by n and the addition of eps, halved likewise; u each from square root,
 * reciprocal and product. n is converted to float, which is exact up to 2^24.
 * Needs: V, or Zve32f. No alignment beyond that of float. An empty row is left alone.
 */
#include <math.h>
#include <riscv_vector.h>
#include <stddef.h>

static float sum_of_squares(const float *row, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m8();
    vfloat32m8_t sums = __riscv_vfmv_v_f_f32m8(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl, row += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        const vfloat32m8_t x = __riscv_vle32_v_f32m8(row, vl);
        sums = __riscv_vfmacc_vv_f32m8_tu(sums, x, x, vl);
    }
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m8_f32m1(sums, zero, lanes));
}

void rms_norm_f32_rvv(float *row, size_t len, float eps) {
    const float mean = sum_of_squares(row, len) / (float)len;
    const float scale = 1.0f / sqrtf(mean + eps);
    for (size_t vl; len > 0; len -= vl, row += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        __riscv_vse32_v_f32m8(row, __riscv_vfmul_vf_f32m8(__riscv_vle32_v_f32m8(row, vl), scale, vl), vl);
    }
}
