/* Right under a mask: masked-off lanes of the sum are undisturbed (_mu), and those of the load are not used.
 *
 * KERNEL: op = "sum_f32"
 */
#include <riscv_vector.h>
#include <stddef.h>
#include <stdint.h>

float rvv_masks_undisturbed(const float *x, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m4();
    const vuint32m4_t index = __riscv_vid_v_u32m4(lanes);
    vfloat32m4_t sums = __riscv_vfmv_v_f_f32m4(0.0f, lanes);
    size_t i = 0;
    for (; len - i >= lanes; i += lanes)
        sums = __riscv_vfadd_vv_f32m4(sums, __riscv_vle32_v_f32m4(x + i, lanes), lanes);
    if (i < len) {
        const vbool8_t active = __riscv_vmsltu_vx_u32m4_b8(index, (uint32_t)(len - i), lanes);
        sums = __riscv_vfadd_vv_f32m4_mu(active, sums, sums, __riscv_vle32_v_f32m4_m(active, x + i, lanes), lanes);
    }
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m4_f32m1(sums, zero, lanes));
}
