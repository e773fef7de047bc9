/* Dropped tail: whole registers only in the sum of squares, although the scaling covers the row.
 *
 * The residue is missing from the sum of squares: vsetvl strips forgotten in one of two passes.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: cc = "clang"
 */
#include <math.h>
#include <riscv_vector.h>
#include <stddef.h>

void rvv_dropped_tail(float *row, size_t len, float eps) {
    const size_t lanes = __riscv_vsetvlmax_e32m4();
    vfloat32m4_t sums = __riscv_vfmv_v_f_f32m4(0.0f, lanes);
    for (size_t i = 0; len - i >= lanes; i += lanes) {
        const vfloat32m4_t x = __riscv_vle32_v_f32m4(row + i, lanes);
        sums = __riscv_vfmacc_vv_f32m4(sums, x, x, lanes);
    }
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    const vfloat32m1_t sum = __riscv_vfredusum_vs_f32m4_f32m1(sums, zero, lanes);
    const float scale = 1.0f / sqrtf(__riscv_vfmv_f_s_f32m1_f32(sum) / (float)len + eps);
    for (size_t vl; len > 0; len -= vl, row += vl) {
        vl = __riscv_vsetvl_e32m4(len);
        __riscv_vse32_v_f32m4(row, __riscv_vfmul_vf_f32m4(__riscv_vle32_v_f32m4(row, vl), scale, vl), vl);
    }
}
