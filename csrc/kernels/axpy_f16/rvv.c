/* axpy_f16, RVV at any vector length: y[i] += a * x[i] in half precision, computed in float.
 *
 * One loop, strip-mined by vsetvl; whatever vl the processor grants is what the pointers move on by. Conversions are
 * those of f16_rvv.h, by integer operations: the target need not have Zvfhmin. In groups of four registers of floats,
 * two of halves: narrowing holds five groups at once.
 *
 * Rounding: once in the fused multiply-add of floats, once to half precision.
 * Conventions: an empty row is left alone. x may be y; otherwise the two may not overlap. a = 0 is no special case: 0 *
 * infinity is NaN.
 * Needs: V, or Zve32f. No alignment beyond that of two bytes.
 */
#include <riscv_vector.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/f16_rvv.h"

void axpy_f16_rvv(uint16_t *y, const uint16_t *x, size_t len, float a) {
    for (size_t vl; len > 0; len -= vl, x += vl, y += vl) {
        vl = __riscv_vsetvl_e16m2(len);
        const vfloat32m4_t addend = f16_widen(__riscv_vle16_v_u16m2(y, vl), vl);
        const vfloat32m4_t factor = f16_widen(__riscv_vle16_v_u16m2(x, vl), vl);
        __riscv_vse16_v_u16m2(y, f16_narrow(__riscv_vfmacc_vf_f32m4(addend, a, factor, vl), vl), vl);
    }
}
