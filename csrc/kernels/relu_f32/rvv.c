/* relu_f32, RVV at any vector length: out[i] = max(x[i], 0).
 *
 * One loop, strip-mined by vsetvl, in groups of eight registers; whatever vl the processor grants is what the pointers
 * move on by. vfmax returns the number if one operand is a NaN; here the comparison is false then, and the merge keeps
 * the NaN.
 *
 * Exact: nothing is rounded.
 * Conventions: NaN at NaN; the sign of a zero is unspecified. An empty row is left alone. out may be x; otherwise the
 * two may not overlap.
 * Needs: V, or Zve32f. No alignment beyond that of float.
 */
#include <riscv_vector.h>
#include <stddef.h>

void relu_f32_rvv(float *out, const float *x, size_t len) {
    for (size_t vl; len > 0; len -= vl, x += vl, out += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        const vfloat32m8_t v = __riscv_vle32_v_f32m8(x, vl);
        const vbool4_t negative = __riscv_vmflt_vf_f32m8_b4(v, 0.0f, vl);
        __riscv_vse32_v_f32m8(out, __riscv_vfmerge_vfm_f32m8(v, 0.0f, negative, vl), vl);
    }
}
