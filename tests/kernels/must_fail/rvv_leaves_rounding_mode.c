/* Mode left on: rounds toward zero for a truncation that was moved elsewhere since, and does not put frm back.
 *
 * frm left on round toward zero: the error shows in whatever the caller computes next.
 *
 * KERNEL: op = "axpy_f32"
 * EXPECT: outcome = "STATE"
 * EXPECT: cc = "clang"
 */
#include <riscv_vector.h>
#include <stddef.h>

#define TOWARD_ZERO 1

void rvv_leaves_rounding_mode(float *y, const float *x, size_t len, float a) {
    __asm__ volatile("fsrmi %0" : : "i"(TOWARD_ZERO));
    for (size_t vl; len > 0; len -= vl, x += vl, y += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        const vfloat32m8_t sums = __riscv_vle32_v_f32m8(y, vl);
        __riscv_vse32_v_f32m8(y, __riscv_vfmacc_vf_f32m8(sums, a, __riscv_vle32_v_f32m8(x, vl), vl), vl);
    }
}
