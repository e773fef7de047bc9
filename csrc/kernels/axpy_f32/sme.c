/* axpy_f32, SME at any streaming vector length: y[i] += a * x[i].
 *
 * 1. One loop, predicated by whilelt: it is bound by its two loads and one store per vector, so nothing is
 *    unrolled, and the residue needs no code of its own.
 * 2. The _x form leaves the inactive lanes undefined; the store under the same predicate does not read them.
 *
 * Rounding (u = 2^-24): once, in the fused multiply-add.
 * Conventions: an empty row is left alone. x may be y; otherwise the two may not overlap. a = 0 is no special
 * case: 0 * infinity is NaN.
 * Needs: SME, and of streaming mode only what every core has (no FA64); ZA is not used. No alignment beyond that of
 * float.
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

__arm_locally_streaming void axpy_f32_sme(float *y, const float *x, size_t len, float a) {
    const uint64_t lanes = svcntw();
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t sum = svmla_n_f32_x(active, svld1_f32(active, y + i), svld1_f32(active, x + i), a);
        svst1_f32(active, y + i, sum);
    }
}
