/* Half precision to float and back, RVV 1.0 without Zvfhmin: by integer operations and one exact product or one
 * rounding addition. Elements behind vl are undefined in every result.
 *
 *     half:   sign, 5 bits of exponent (bias 15), 10 of fraction       IEEE 754 binary16
 *     float:  sign, 8 bits of exponent (bias 127), 23 of fraction      IEEE 754 binary32
 */
#ifndef KERNELS_F16_RVV_H
#define KERNELS_F16_RVV_H

#include <riscv_vector.h>
#include <stddef.h>
#include <stdint.h>

#define F16_SHIFT 13               /* fraction bits that a float has more */
#define F16_REBIAS 0x1p112f        /* 2^(127 - 15) */
#define COPIES_OF_SIGN 0x70000000u /* what a half extended with its sign has there, once it is moved */
#define F16_QUIET_NAN 0x7e00u
#define F16_OVERFLOW 0x1p16f /* the infinity of half precision, were it a number */

#define F32_SIGN 0x80000000u
#define F32_EXPONENT 0x7f800000u
#define F32_OF_LEAST_NORMAL_F16 0x38800000u /* 2^-14 */

/* The numbers that have these bits, exactly.
 *
 * Exponent and fraction are moved to where a float has them, below its sign; that is the number times 2^-112, also of a
 * subnormal, and the product undoes it. Infinity and NaN come out as 2^16 and more: their exponent is filled up. */
static inline vfloat32m4_t f16_widen(vuint16m2_t bits, size_t vl) {
    const vuint32m4_t extended =
        __riscv_vreinterpret_v_i32m4_u32m4(__riscv_vsext_vf2_i32m4(__riscv_vreinterpret_v_u16m2_i16m2(bits), vl));
    const vuint32m4_t moved =
        __riscv_vand_vx_u32m4(__riscv_vsll_vx_u32m4(extended, F16_SHIFT, vl), ~COPIES_OF_SIGN, vl);
    const vfloat32m4_t number = __riscv_vfmul_vf_f32m4(__riscv_vreinterpret_v_u32m4_f32m4(moved), F16_REBIAS, vl);
    const vuint32m4_t result = __riscv_vreinterpret_v_f32m4_u32m4(number);
    const vfloat32m4_t magnitude = __riscv_vfabs_v_f32m4(number, vl);
    const vbool8_t beyond = __riscv_vmfge_vf_f32m4_b8(magnitude, F16_OVERFLOW, vl);
    return __riscv_vreinterpret_v_u32m4_f32m4(__riscv_vor_vx_u32m4_mu(beyond, result, result, F32_EXPONENT, vl));
}

/* Rounded to nearest, ties to even, also where the result is subnormal; infinity from 65520 on; a quiet NaN for NaN.
 *
 * 1. Let 2^e be the power of two in |x|, at least 2^-14. The step between halves there is 2^(e - 10), which is the step
 *    between floats at 2^(e + 13): adding that power rounds |x| to a multiple of the step, and leaves the multiple, at
 *    most 2048, in the lowest bits of the sum.
 * 2. The half with these digits has the bits (e + 14) * 1024 + multiple: the leading one, which is not stored, counts
 *    for the last unit of the exponent, a subnormal has none, and 2048 carries into the next power.
 * 3. What is 2^16 or more is cut there, which comes out as infinity.
 *
 * The addition rounds as the rounding mode of every ordinary caller says. */
static inline vuint16m2_t f16_narrow(vfloat32m4_t x, size_t vl) {
    const vfloat32m4_t magnitude = __riscv_vfmin_vf_f32m4(__riscv_vfabs_v_f32m4(x, vl), F16_OVERFLOW, vl);
    const vuint32m4_t exponent = __riscv_vand_vx_u32m4(__riscv_vreinterpret_v_f32m4_u32m4(magnitude), F32_EXPONENT, vl);
    const vuint32m4_t power = __riscv_vmaxu_vx_u32m4(exponent, F32_OF_LEAST_NORMAL_F16, vl);
    const vuint32m4_t unit = __riscv_vadd_vx_u32m4(power, F16_SHIFT << 23, vl);
    const vfloat32m4_t sum = __riscv_vfadd_vv_f32m4(magnitude, __riscv_vreinterpret_v_u32m4_f32m4(unit), vl);
    const vuint32m4_t multiple = __riscv_vsub_vv_u32m4(__riscv_vreinterpret_v_f32m4_u32m4(sum), unit, vl);
    const vuint32m4_t above = __riscv_vsub_vx_u32m4(power, F32_OF_LEAST_NORMAL_F16, vl);
    vuint32m4_t half = __riscv_vadd_vv_u32m4(__riscv_vsrl_vx_u32m4(above, F16_SHIFT, vl), multiple, vl);
    half = __riscv_vmerge_vxm_u32m4(half, F16_QUIET_NAN, __riscv_vmfne_vv_f32m4_b8(x, x, vl), vl);
    const vuint32m4_t sign = __riscv_vand_vx_u32m4(__riscv_vreinterpret_v_f32m4_u32m4(x), F32_SIGN, vl);
    return __riscv_vncvt_x_x_w_u16m2(__riscv_vor_vv_u32m4(half, __riscv_vsrl_vx_u32m4(sign, 16, vl), vl), vl);
}

#endif
