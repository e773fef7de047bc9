/* Tail written for the unrolling it had: four registers per iteration now, and still two strips behind the loop.
 *
 * Residues of up to two registers are right. Of longer ones the rest is left out.
 *
 * The unrolling grew and the tail did not: residues of more than two registers are cut.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: cc = "clang"
 */
#include <riscv_vector.h>
#include <stddef.h>

static size_t strip(vfloat32m1_t *sums, const float *x, size_t len) {
    const size_t vl = __riscv_vsetvl_e32m1(len);
    *sums = __riscv_vfadd_vv_f32m1_tu(*sums, *sums, __riscv_vle32_v_f32m1(x, vl), vl);
    return vl;
}

float rvv_two_strips_of_tail(const float *x, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m1();
    vfloat32m1_t sums = __riscv_vfmv_v_f_f32m1(0.0f, lanes);
    size_t i = 0;
    for (; len - i >= 4 * lanes; i += 4 * lanes)
        for (size_t j = 0; j < 4; j++)
            strip(&sums, x + i + j * lanes, lanes);
    i += strip(&sums, x + i, len - i);
    i += strip(&sums, x + i, len - i);
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m1_f32m1(sums, zero, lanes));
}
