/* axpy_f16, Advanced SIMD: y[i] += a * x[i] in half precision, computed in float.
 *
 * Vectors of four: FCVTL and FCVTN, which convert between half and single precision, are in Armv8.0; half-precision
 * arithmetic (FEAT_FP16) is not. The residue of up to three elements one at a time, each as a vector of equal lanes, so
 * that it is fused like the rest.
 *
 * Rounding: once in the fused multiply-add of floats, once to half precision. An empty row is left alone.
 * Needs: the AArch64 base architecture. No alignment beyond that of two bytes.
 */
#include <arm_neon.h>
#include <stddef.h>

enum { LANES = 4 };

static inline float16x4_t axpy(float16x4_t y, float16x4_t x, float a) {
    return vcvt_f16_f32(vfmaq_n_f32(vcvt_f32_f16(y), vcvt_f32_f16(x), a));
}

void axpy_f16_neon(float16_t *y, const float16_t *x, size_t len, float a) {
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        vst1_f16(y + i, axpy(vld1_f16(y + i), vld1_f16(x + i), a));
    for (; i < len; i++)
        vst1_lane_f16(y + i, axpy(vld1_dup_f16(y + i), vld1_dup_f16(x + i), a), 0);
}
