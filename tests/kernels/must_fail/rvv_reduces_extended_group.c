/* Undefined registers used: a group of two registers is made from one, and all of it is reduced.
 *
 * vlmul_ext says nothing about what it adds, and makes no instruction that would.
 *
 * The second register of a group that vlmul_ext has made longer is undefined, and is reduced with the first.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: cc = "clang"
 * EXPECT: builds = ["hostile"]
 */
#include <riscv_vector.h>
#include <stddef.h>

float rvv_reduces_extended_group(const float *x, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m1();
    vfloat32m1_t sums = __riscv_vfmv_v_f_f32m1(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl, x += vl) {
        vl = __riscv_vsetvl_e32m1(len);
        sums = __riscv_vfadd_vv_f32m1_tu(sums, sums, __riscv_vle32_v_f32m1(x, vl), vl);
    }
    const vfloat32m2_t both = __riscv_vlmul_ext_v_f32m1_f32m2(sums);
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m2_f32m1(both, zero, __riscv_vsetvlmax_e32m2()));
}
