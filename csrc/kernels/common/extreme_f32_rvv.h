/* The largest or the smallest element of a row, RVV at any vector length: what max_f32 and min_f32 share. The includer
 * defines EXTREME_OF_NOTHING, EXTREME_TU and EXTREME_ACROSS.
 *
 * 1. Running extremes in eight registers, strip-mined by vsetvl.
 * 2. vfmax and vfmin return the number if one operand is a NaN, so the classes of all elements are collected beside it,
 *    one bit for each class that occurs (vfclass): no branch, and no comparison that a NaN could slip through.
 * 3. vl may be less than the processor could do, in the last two strips of any row, so both leave the elements behind
 *    vl undisturbed (_tu).
 * 4. Reduce extremes and classes across all elements.
 */
#ifndef KERNELS_EXTREME_F32_RVV_H
#define KERNELS_EXTREME_F32_RVV_H

#include <math.h>
#include <riscv_vector.h>
#include <stddef.h>
#include <stdint.h>

/* Bits of vfclass.v, as of FCLASS.S: signalling and quiet NaN (RISC-V unprivileged ISA, "Single-precision
 * floating-point classify instruction"). */
#define CLASSES_OF_NAN (UINT32_C(1) << 8 | UINT32_C(1) << 9)

static inline float extreme_f32(const float *x, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m8();
    vfloat32m8_t extremes = __riscv_vfmv_v_f_f32m8(EXTREME_OF_NOTHING, lanes);
    vuint32m8_t classes = __riscv_vmv_v_x_u32m8(0, lanes);
    for (size_t vl; len > 0; len -= vl, x += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        const vfloat32m8_t v = __riscv_vle32_v_f32m8(x, vl);
        extremes = EXTREME_TU(extremes, v, vl);
        classes = __riscv_vor_vv_u32m8_tu(classes, classes, __riscv_vfclass_v_u32m8(v, vl), vl);
    }

    const vuint32m1_t none = __riscv_vmv_s_x_u32m1(0, 1);
    const uint32_t seen = __riscv_vmv_x_s_u32m1_u32(__riscv_vredor_vs_u32m8_u32m1(classes, none, lanes));
    const vfloat32m1_t nothing = __riscv_vfmv_s_f_f32m1(EXTREME_OF_NOTHING, 1);
    const float extreme = __riscv_vfmv_f_s_f32m1_f32(EXTREME_ACROSS(extremes, nothing, lanes));
    return seen & CLASSES_OF_NAN ? NAN : extreme;
}

#endif
