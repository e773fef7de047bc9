/* Right although it changes frm: it puts back what it found.
 *
 * KERNEL: op = "sum_f32"
 */
#include <riscv_vector.h>
#include <stddef.h>

#define NEAREST 0

float rvv_restores_rounding_mode(const float *x, size_t len) {
    size_t found;
    __asm__ volatile("fsrmi %0, %1" : "=r"(found) : "i"(NEAREST));
    const size_t lanes = __riscv_vsetvlmax_e32m4();
    vfloat32m4_t sums = __riscv_vfmv_v_f_f32m4(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl, x += vl) {
        vl = __riscv_vsetvl_e32m4(len);
        sums = __riscv_vfadd_vv_f32m4_tu(sums, sums, __riscv_vle32_v_f32m4(x, vl), vl);
    }
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    const float sum = __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m4_f32m1(sums, zero, lanes));
    __asm__ volatile("fsrm %0" : : "r"(found));
    return sum;
}
