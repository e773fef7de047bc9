/* relu_f32, Advanced SIMD: out[i] = max(x[i], 0).
 *
 * Whole vectors, then the residue element by element, which is the same operation.
 *
 * Exact: nothing is rounded.
 * Conventions: NaN at NaN; the sign of a zero is unspecified. An empty row is left alone. out may be x; otherwise the
 * two may not overlap.
 * Needs: the AArch64 base architecture. No alignment beyond that of float.
 */
#include <arm_neon.h>
#include <stddef.h>

enum { LANES = 4 };

void relu_f32_neon(float *out, const float *x, size_t len) {
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        vst1q_f32(out + i, vmaxq_f32(vld1q_f32(x + i), vdupq_n_f32(0.0f)));
    for (; i < len; i++)
        out[i] = x[i] < 0.0f ? 0.0f : x[i];
}
