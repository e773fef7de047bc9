/* dot_bf16, SVE at any vector length: the sum of x[i] * y[i] of bfloat16, added up and returned in float.
 *
 * A bfloat16 is the upper half of a float: elements are loaded into containers of 32 bits and moved up there, which
 * takes nothing of the BF16 extension, whose instructions flush subnormals and round in their own way. Two
 * accumulators; the residue merges (_m), so that inactive lanes keep what they have summed.
 *
 * Rounding (u = 2^-24): products are exact; each addition rounds. The sum of nothing is +0.
 * Needs: SVE; nothing of SVE2. No alignment beyond that of two bytes.
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/streaming.h"

static inline svfloat32_t load_brain(svbool_t active, const uint16_t *x) STREAMING {
    return svreinterpret_f32_u32(svlsl_n_u32_x(active, svld1uh_u32(active, x), 16));
}

float dot_bf16_sve(const uint16_t *x, const uint16_t *y, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum0 = svdup_n_f32(0.0f), sum1 = sum0;
    uint64_t i = 0;
    for (; len - i >= 2 * lanes; i += 2 * lanes) {
        sum0 = svmla_f32_x(all, sum0, load_brain(all, x + i), load_brain(all, y + i));
        sum1 = svmla_f32_x(all, sum1, load_brain(all, x + i + lanes), load_brain(all, y + i + lanes));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum0 = svmla_f32_m(active, sum0, load_brain(active, x + i), load_brain(active, y + i));
    }
    return svaddv_f32(all, svadd_f32_x(all, sum0, sum1));
}
