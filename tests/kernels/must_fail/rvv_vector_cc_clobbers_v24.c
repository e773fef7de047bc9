/* Callee-saved register overwritten: the standard vector calling convention variant preserves v1 to v7 and v24 to v31,
 * and the assembly loads into one of them without saying so.
 *
 * A vector register that only the variant calling convention preserves: legal anywhere else.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = "__attribute__((riscv_vector_cc)) float rvv_vector_cc_clobbers_v24(const float *x, size_t len)"
 * EXPECT: outcome = "STATE"
 * EXPECT: cc = "clang"
 */
#include <riscv_vector.h>
#include <stddef.h>

__attribute__((riscv_vector_cc)) float rvv_vector_cc_clobbers_v24(const float *x, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m4();
    vfloat32m4_t sums = __riscv_vfmv_v_f_f32m4(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl, x += vl) {
        vl = __riscv_vsetvl_e32m4(len);
        __asm__("vsetvli zero, %[vl], e32, m4, tu, mu\n\t"
                "vle32.v v24, (%[x])\n\t"
                "vfadd.vv %[sums], %[sums], v24"
                : [sums] "+vr"(sums)
                : [x] "r"(x), [vl] "r"(vl)
                : "vl", "vtype", "memory");
    }
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m4_f32m1(sums, zero, lanes));
}
