/* vle32ff is left to find the end of the row: it does where a page ends there, and nowhere else.
 *
 * A fault-only-first load is left to find the end of the row: right where a page ends there, which is where guard
 * pages put it.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: cc = "clang"
 * EXPECT: builds = ["hostile"]
 * EXPECT: options = "--suite placement"
 */
#include <riscv_vector.h>
#include <stddef.h>

float rvv_whole_row_of_first_fault(const float *x, size_t len) {
    vfloat32m1_t sum = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    for (size_t done = 0, vl; done < len; done += vl) {
        const vfloat32m8_t loaded = __riscv_vle32ff_v_f32m8(x + done, &vl, __riscv_vsetvlmax_e32m8());
        sum = __riscv_vfredusum_vs_f32m8_f32m1(loaded, sum, vl);
    }
    return __riscv_vfmv_f_s_f32m1_f32(sum);
}
