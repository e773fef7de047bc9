/* Right with tail-agnostic instructions only: every strip is reduced under its own vl, whatever the processor makes
 * that, with LMUL 8 and the sum so far as the scalar to start from.
 *
 * KERNEL: op = "sum_f32"
 */
#include <riscv_vector.h>
#include <stddef.h>

float rvv_reduces_every_strip(const float *x, size_t len) {
    vfloat32m1_t sum = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    for (size_t vl; len > 0; len -= vl, x += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        sum = __riscv_vfredusum_vs_f32m8_f32m1(__riscv_vle32_v_f32m8(x, vl), sum, vl);
    }
    return __riscv_vfmv_f_s_f32m1_f32(sum);
}
