/* scale_f32, Advanced SIMD: out[i] = a * x[i].
 *
 * Whole vectors, then the residue element by element, which is the same operation.
 *
 * Rounding (u = 2^-24): once, in the product.
 * Conventions: An empty row is left alone. out may be x; otherwise the two may not overlap.
 * Needs: the AArch64 base architecture. No alignment beyond that of float.
 */
#include <arm_neon.h>
#include <stddef.h>

enum { LANES = 4 };

void scale_f32_neon(float *out, const float *x, size_t len, float a) {
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        vst1q_f32(out + i, vmulq_n_f32(vld1q_f32(x + i), a));
    for (; i < len; i++)
        out[i] = a * x[i];
}
