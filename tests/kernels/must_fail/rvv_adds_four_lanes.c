/* Hard-coded width: of the accumulator's lanes the first four are added, which are all there are at 128 bits.
 *
 * The lanes of the author's processor are added, and no others.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: cc = "clang"
 * EXPECT: passes_at = [128]
 */
#include <riscv_vector.h>
#include <stddef.h>

#define LANES_LIMIT 2048 /* of a register of 65,536 bits */

float rvv_adds_four_lanes(const float *x, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m1();
    vfloat32m1_t sums = __riscv_vfmv_v_f_f32m1(0.0f, lanes);
    for (size_t vl; len > 0; len -= vl, x += vl) {
        vl = __riscv_vsetvl_e32m1(len);
        sums = __riscv_vfadd_vv_f32m1_tu(sums, sums, __riscv_vle32_v_f32m1(x, vl), vl);
    }
    float lane[LANES_LIMIT];
    __riscv_vse32_v_f32m1(lane, sums, lanes);
    return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}
