/* sum_f16, SVE at any vector length: the sum of a row in half precision, added up and returned in float.
 *
 * Half-precision elements are loaded into containers of 32 bits, in which FCVT finds them in the lower halves. Two
 * accumulators; the residue merges (_m), so that inactive lanes keep what they have summed.
 *
 * Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum.
 * Needs: SVE; nothing of SVE2. No alignment beyond that of two bytes.
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/streaming.h"

static inline svfloat32_t load_half(svbool_t active, const float16_t *x) STREAMING {
    return svcvt_f32_f16_x(active, svreinterpret_f16_u32(svld1uh_u32(active, (const uint16_t *)x)));
}

float sum_f16_sve(const float16_t *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum0 = svdup_n_f32(0.0f), sum1 = sum0;
    uint64_t i = 0;
    for (; len - i >= 2 * lanes; i += 2 * lanes) {
        sum0 = svadd_f32_x(all, sum0, load_half(all, x + i));
        sum1 = svadd_f32_x(all, sum1, load_half(all, x + i + lanes));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum0 = svadd_f32_m(active, sum0, load_half(active, x + i));
    }
    return svaddv_f32(all, svadd_f32_x(all, sum0, sum1));
}
