/* Callee-saved register overwritten: the scale is kept in fs3, which the clobber list does not name.
 *
 * The same with a floating-point register.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "STATE"
 * EXPECT: cc = "clang"
 */
#include <math.h>
#include <riscv_vector.h>
#include <stddef.h>

static float sum_of_squares(const float *row, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m4();
    vfloat32m4_t sums = __riscv_vfmv_v_f_f32m4(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl, row += vl) {
        vl = __riscv_vsetvl_e32m4(len);
        const vfloat32m4_t x = __riscv_vle32_v_f32m4(row, vl);
        sums = __riscv_vfmacc_vv_f32m4_tu(sums, x, x, vl);
    }
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m4_f32m1(sums, zero, lanes));
}

void rvv_clobbers_fs3(float *row, size_t len, float eps) {
    const float scale = 1.0f / sqrtf(sum_of_squares(row, len) / (float)len + eps);
    for (size_t vl; len > 0; len -= vl, row += vl) {
        vl = __riscv_vsetvl_e32m4(len);
        vfloat32m4_t x = __riscv_vle32_v_f32m4(row, vl);
        __asm__("fmv.s fs3, %[scale]\n\t"
                "vsetvli zero, %[vl], e32, m4, ta, ma\n\t"
                "vfmul.vf %[x], %[x], fs3"
                : [x] "+vr"(x)
                : [scale] "f"(scale), [vl] "r"(vl)
                : "vl", "vtype");
        __riscv_vse32_v_f32m4(row, x, vl);
    }
}
