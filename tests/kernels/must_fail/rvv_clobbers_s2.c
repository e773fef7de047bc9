/* Callee-saved register overwritten: the strip's bytes are counted in s2, which the clobber list does not name.
 *
 * The result is right. What breaks is a caller with a loop counter in s2.
 *
 * Inline assembly uses a callee-saved register that its clobber list does not name.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "STATE"
 * EXPECT: cc = "clang"
 */
#include <riscv_vector.h>
#include <stddef.h>

float rvv_clobbers_s2(const float *x, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m4();
    vfloat32m4_t sums = __riscv_vfmv_v_f_f32m4(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl) {
        vl = __riscv_vsetvl_e32m4(len);
        sums = __riscv_vfadd_vv_f32m4_tu(sums, sums, __riscv_vle32_v_f32m4(x, vl), vl);
        __asm__("slli s2, %[vl], 2\n\t"
                "add %[x], %[x], s2"
                : [x] "+r"(x)
                : [vl] "r"(vl));
    }
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m4_f32m1(sums, zero, lanes));
}
