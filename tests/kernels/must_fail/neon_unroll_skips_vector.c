/* Unrolled by two, and the one vector that may be left over is stepped over instead of being computed.
 *
 * Shows where an odd number of whole vectors stands before the tail.
 *
 * Unrolled by two, and the vector that is left over is forgotten.
 *
 * KERNEL: op = "axpy_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: rule = "fail exactly where len % (2 * lanes) >= lanes (4 lanes)"
 */
#include <arm_neon.h>
#include <stddef.h>

void neon_unroll_skips_vector(float *y, const float *x, size_t len, float a) {
    size_t i = 0;
    for (; len - i >= 8; i += 8) {
        vst1q_f32(y + i, vfmaq_n_f32(vld1q_f32(y + i), vld1q_f32(x + i), a));
        vst1q_f32(y + i + 4, vfmaq_n_f32(vld1q_f32(y + i + 4), vld1q_f32(x + i + 4), a));
    }
    if (len - i >= 4)
        i += 4;
    for (; i < len; i++)
        y[i] += a * x[i];
}
