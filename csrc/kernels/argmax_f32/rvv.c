/* argmax_f32, RVV at any vector length: the index of the largest element of x.
 *
 * 1. Running maxima in eight registers, strip-mined by vsetvl. vfmax returns the number if one operand is a NaN, so the
 *    classes of all elements are collected beside it, one bit for each class that occurs (vfclass). vl may be less than
 *    the processor could do, in the last two strips of any row, so both leave the elements behind vl undisturbed (_tu).
 * 2. The first element that is equal to the maximum, or the first NaN: the row is read once more up to there (vfirst),
 *    which keeps index vectors, and their 32 bits for rows that are longer, out of the first loop.
 *
 * Conventions: of equal elements the first; zeros of either sign are equal. The first NaN, if there is one, is the
 * largest. 0 for an empty row.
 * Needs: V, or Zve32f. No alignment beyond that of float.
 */
#include <math.h>
#include <riscv_vector.h>
#include <stddef.h>
#include <stdint.h>

/* Bits of vfclass.v, as of FCLASS.S: signalling and quiet NaN (RISC-V unprivileged ISA, "Single-precision
 * floating-point classify instruction"). */
#define CLASSES_OF_NAN (UINT32_C(1) << 8 | UINT32_C(1) << 9)

/* The largest number of the row; *has_nan is not 0 if there is a NaN. */
static inline float largest_of(const float *x, size_t len, uint32_t *has_nan) {
    const size_t lanes = __riscv_vsetvlmax_e32m8();
    vfloat32m8_t maxima = __riscv_vfmv_v_f_f32m8(-INFINITY, lanes);
    vuint32m8_t classes = __riscv_vmv_v_x_u32m8(0, lanes);
    for (size_t vl; len > 0; len -= vl, x += vl) {
        vl = __riscv_vsetvl_e32m8(len);
        const vfloat32m8_t v = __riscv_vle32_v_f32m8(x, vl);
        maxima = __riscv_vfmax_vv_f32m8_tu(maxima, maxima, v, vl);
        classes = __riscv_vor_vv_u32m8_tu(classes, classes, __riscv_vfclass_v_u32m8(v, vl), vl);
    }

    const vuint32m1_t none = __riscv_vmv_s_x_u32m1(0, 1);
    const uint32_t seen = __riscv_vmv_x_s_u32m1_u32(__riscv_vredor_vs_u32m8_u32m1(classes, none, lanes));
    const vfloat32m1_t least = __riscv_vfmv_s_f_f32m1(-INFINITY, 1);
    *has_nan = seen & CLASSES_OF_NAN;
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredmax_vs_f32m8_f32m1(maxima, least, lanes));
}

size_t argmax_f32_rvv(const float *x, size_t len) {
    uint32_t has_nan;
    const float largest = largest_of(x, len, &has_nan);

    for (size_t i = 0, vl; i < len; i += vl) {
        vl = __riscv_vsetvl_e32m8(len - i);
        const vfloat32m8_t v = __riscv_vle32_v_f32m8(x + i, vl);
        const vbool4_t found =
            has_nan ? __riscv_vmfne_vv_f32m8_b4(v, v, vl) : __riscv_vmfeq_vf_f32m8_b4(v, largest, vl);
        const long first = __riscv_vfirst_m_b4(found, vl); /* -1 if there is none */
        if (first >= 0)
            return i + (size_t)first;
    }
    return 0;
}
