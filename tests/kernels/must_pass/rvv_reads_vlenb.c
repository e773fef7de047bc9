/* Right although it reads the vector length itself: whole registers by vlenb, one strip for what is left.
 *
 * KERNEL: op = "sum_f32"
 */
#include <riscv_vector.h>
#include <stddef.h>

float rvv_reads_vlenb(const float *x, size_t len) {
    const size_t lanes = __riscv_vlenb() / sizeof *x;
    vfloat32m1_t sum0 = __riscv_vfmv_v_f_f32m1(0.0f, lanes), sum1 = sum0;
    size_t i = 0;
    for (; len - i >= 2 * lanes; i += 2 * lanes) {
        sum0 = __riscv_vfadd_vv_f32m1(sum0, __riscv_vle32_v_f32m1(x + i, lanes), lanes);
        sum1 = __riscv_vfadd_vv_f32m1(sum1, __riscv_vle32_v_f32m1(x + i + lanes, lanes), lanes);
    }
    for (size_t vl; i < len; i += vl) {
        vl = __riscv_vsetvl_e32m1(len - i);
        sum0 = __riscv_vfadd_vv_f32m1_tu(sum0, sum0, __riscv_vle32_v_f32m1(x + i, vl), vl);
    }
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    const vfloat32m1_t sums = __riscv_vfadd_vv_f32m1(sum0, sum1, lanes);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m1_f32m1(sums, zero, lanes));
}
