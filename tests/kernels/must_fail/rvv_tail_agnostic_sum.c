/* Undefined lanes used: the accumulator is tail-agnostic, and the reduction takes all of its lanes.
 *
 * The last strip is shorter than the others. Behind its vl the addition may leave what was summed or fill the lanes
 * with ones, as the processor likes; the one this was written on left them.
 *
 * The accumulator of a short strip is tail-agnostic and is reduced whole: right on processors, and in emulators, that
 * leave tails alone.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: cc = "clang"
 * EXPECT: builds = ["hostile"]
 * EXPECT: passes_in = ["plain"]
 */
#include <riscv_vector.h>
#include <stddef.h>

float rvv_tail_agnostic_sum(const float *x, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m4();
    vfloat32m4_t sums = __riscv_vfmv_v_f_f32m4(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl, x += vl) {
        vl = __riscv_vsetvl_e32m4(len);
        sums = __riscv_vfadd_vv_f32m4(sums, __riscv_vle32_v_f32m4(x, vl), vl);
    }
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m4_f32m1(sums, zero, lanes));
}
