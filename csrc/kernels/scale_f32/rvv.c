/* scale_f32, RVV at any vector length: out[i] = a * x[i].
 *
 * 1. One loop, strip-mined by vsetvl, in groups of eight registers: it is bound by its load and store per group, and
 *    the residue needs no code of its own.
 * 2. Whatever vl the processor grants, even less than it could, is what the pointers move on by.
 *
 * Rounding (u = 2^-24): once, in the product.
 * Conventions: an empty row is left alone. out may be x; otherwise the two may not overlap. a = 0 is no special case:
 * 0 * infinity is NaN.
 * Needs: V, or Zve32f. No alignment beyond that of float.
 */
#include <riscv_vector.h>
#include <stddef.h>

void scale_f32_rvv(float *out, const float *x, size_t len, float a) {
    for (size_t vl; len > 0; len -= vl, x += vl, out += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        __riscv_vse32_v_f32m8(out, __riscv_vfmul_vf_f32m8(__riscv_vle32_v_f32m8(x, vl), a, vl), vl);
    }
}
