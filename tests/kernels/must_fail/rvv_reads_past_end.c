/* Read out of bounds: the tail is loaded under the vl of a whole register; only its addition is short.
 *
 * The result is right. It faults when the row ends at the end of a mapped page, and leaks what lies behind it
 * otherwise.
 *
 * The load is issued before vsetvl shortens the vector: a right result that only a guard page behind the row shows.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "OUT_OF_BOUNDS"
 * EXPECT: cc = "clang"
 */
#include <riscv_vector.h>
#include <stddef.h>

float rvv_reads_past_end(const float *x, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m4();
    vfloat32m4_t sums = __riscv_vfmv_v_f_f32m4(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl, x += vl) {
        const vfloat32m4_t loaded = __riscv_vle32_v_f32m4(x, lanes);
        vl = __riscv_vsetvl_e32m4(len);
        sums = __riscv_vfadd_vv_f32m4_tu(sums, sums, loaded, vl);
    }
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m4_f32m1(sums, zero, lanes));
}
