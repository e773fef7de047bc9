/* Right although it leaves vxrm and vxsat changed: neither is preserved across calls (RISC-V psABI, Vector Register
 * Convention). The sum is the bundled kernel's.
 *
 * KERNEL: op = "sum_f32"
 */
#include <riscv_vector.h>
#include <stddef.h>

float rvv_leaves_fixed_point_state(const float *x, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m8();
    vfloat32m8_t sums = __riscv_vfmv_v_f_f32m8(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl, x += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        sums = __riscv_vfadd_vv_f32m8_tu(sums, sums, __riscv_vle32_v_f32m8(x, vl), vl);
    }
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    const float sum = __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m8_f32m1(sums, zero, lanes));
    size_t found;
    __asm__ volatile("csrr %0, vxrm" : "=r"(found));
    __asm__ volatile("csrw vxrm, %0\n\tcsrwi vxsat, 1" : : "r"(~found));
    return sum;
}
