/* Right where the contract's budget is that of the estimate instruction: eight bits, and no Newton step.
 *
 * KERNEL: op = "rsqrt_estimate_f32"
 */
#include <arm_neon.h>
#include <stddef.h>

enum { LANES = 4 };

void neon_estimate_in_budget(float *out, const float *x, size_t len) {
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        vst1q_f32(out + i, vrsqrteq_f32(vld1q_f32(x + i)));
    for (; i < len; i++)
        out[i] = vrsqrtes_f32(x[i]);
}
