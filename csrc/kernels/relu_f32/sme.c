/* relu_f32, SME at any streaming vector length: out[i] = max(x[i], 0).
 *
 * One loop, predicated by whilelt: it is bound by its load and store. The _x form leaves inactive lanes undefined; the
 * store under the same predicate does not read them.
 *
 * Exact: nothing is rounded.
 * Conventions: NaN at NaN; the sign of a zero is unspecified. An empty row is left alone. out may be x; otherwise the
 * two may not overlap.
 * Needs: SME, and of streaming mode only what every core has (no FA64); ZA is not used. No alignment beyond that of
 * float.
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

__arm_locally_streaming void relu_f32_sme(float *out, const float *x, size_t len) {
    const uint64_t lanes = svcntw();
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svst1_f32(active, out + i, svmax_n_f32_x(active, svld1_f32(active, x + i), 0.0f));
    }
}
