/* axpy_f16, SVE at any vector length: y[i] += a * x[i] in half precision, computed in float.
 *
 * Half-precision elements are loaded into containers of 32 bits, in which FCVT finds them in the lower halves; the
 * results are stored from there.
 *
 * Rounding: once in the fused multiply-add of floats, once to half precision. An empty row is left alone.
 * Needs: SVE; nothing of SVE2. No alignment beyond that of two bytes.
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/streaming.h"

static inline svfloat32_t load_half(svbool_t active, const float16_t *x) STREAMING {
    return svcvt_f32_f16_x(active, svreinterpret_f16_u32(svld1uh_u32(active, (const uint16_t *)x)));
}

void axpy_f16_sve(float16_t *y, const float16_t *x, size_t len, float a) {
    const uint64_t lanes = svcntw();
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t sum = svmla_n_f32_x(active, load_half(active, y + i), load_half(active, x + i), a);
        svst1h_u32(active, (uint16_t *)y + i, svreinterpret_u32_f16(svcvt_f16_f32_x(active, sum)));
    }
}
