/* axpy_f32, RVV at any vector length: y[i] += a * x[i].
 *
 * 1. One loop, strip-mined by vsetvl, in groups of eight registers: it is bound by its two loads and one store per
 *    group, and the residue needs no code of its own.
 * 2. Whatever vl the processor grants, even less than it could, is what the pointers move on by.
 *
 * Rounding (u = 2^-24): once, in the fused multiply-add.
 * Conventions: an empty row is left alone. x may be y; otherwise the two may not overlap. a = 0 is no special
 * case: 0 * infinity is NaN.
 * Needs: V, or Zve32f. No alignment beyond that of float.
 */
#include <riscv_vector.h>
#include <stddef.h>

void axpy_f32_rvv(float *y, const float *x, size_t len, float a) {
    for (size_t vl; len > 0; len -= vl, x += vl, y += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        const vfloat32m8_t addend = __riscv_vle32_v_f32m8(y, vl);
        __riscv_vse32_v_f32m8(y, __riscv_vfmacc_vf_f32m8(addend, a, __riscv_vle32_v_f32m8(x, vl), vl), vl);
    }
}
