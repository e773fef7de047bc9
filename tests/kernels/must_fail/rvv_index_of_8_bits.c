/* Byte offsets of 8 bits in an indexed load: they wrap beyond 64 lanes, which LMUL 4 has at 1024 bits.
 *
 * Byte offsets of an indexed load wrap at 256: right up to the widest processor of its day.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: cc = "clang"
 * EXPECT: vector_bits = [1024]
 * EXPECT: passes_at = [128, 256, 512]
 * EXPECT: options = "--suite residues"
 */
#include <riscv_vector.h>
#include <stddef.h>

float rvv_index_of_8_bits(const float *x, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m4();
    const vuint8m1_t offsets = __riscv_vsll_vx_u8m1(__riscv_vid_v_u8m1(lanes), 2, lanes);
    vfloat32m4_t sums = __riscv_vfmv_v_f_f32m4(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl, x += vl) {
        vl = __riscv_vsetvl_e32m4(len);
        sums = __riscv_vfadd_vv_f32m4_tu(sums, sums, __riscv_vluxei8_v_f32m4(x, offsets, vl), vl);
    }
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m4_f32m1(sums, zero, lanes));
}
