/* Undefined vector used: the sums start from vundefined instead of zero.
 *
 * The register that the compiler takes for it holds zeros in most callers.
 *
 * The sums start from an undefined vector, which nothing makes zero: what the register holds decides.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: cc = "clang"
 * EXPECT: builds = ["hostile"]
 */
#include <riscv_vector.h>
#include <stddef.h>

float rvv_undefined_accumulator(const float *x, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m4();
    vfloat32m4_t sums = __riscv_vundefined_f32m4();
    for (size_t vl; len > 0; len -= vl, x += vl) {
        vl = __riscv_vsetvl_e32m4(len);
        sums = __riscv_vfadd_vv_f32m4_tu(sums, sums, __riscv_vle32_v_f32m4(x, vl), vl);
    }
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m4_f32m1(sums, zero, lanes));
}
