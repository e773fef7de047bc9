/* vstart left non-zero: a routine that can be resumed in the middle of a vector notes where, and nobody clears it.
 *
 * The next vector instruction of the caller, whichever it is, leaves out its first elements, or faults.
 *
 * vstart left non-zero: the caller's next vector instruction skips its first elements.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "STATE"
 * EXPECT: cc = "clang"
 */
#include <riscv_vector.h>
#include <stddef.h>

float rvv_leaves_vstart(const float *x, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m4();
    vfloat32m4_t sums = __riscv_vfmv_v_f_f32m4(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl, x += vl) {
        vl = __riscv_vsetvl_e32m4(len);
        sums = __riscv_vfadd_vv_f32m4_tu(sums, sums, __riscv_vle32_v_f32m4(x, vl), vl);
    }
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    const float sum = __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m4_f32m1(sums, zero, lanes));
    __asm__ volatile("csrwi vstart, 2");
    return sum;
}
