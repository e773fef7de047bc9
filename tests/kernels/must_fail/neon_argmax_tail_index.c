/* Index not advanced: what is largest in the tail is counted from where the tail begins.
 *
 * Shows only where the largest element stands behind the last whole vector.
 *
 * The index of what is found in the tail is counted from the tail's beginning.
 *
 * KERNEL: op = "argmax_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite residues --suite sensitivity"
 */
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>

size_t neon_argmax_tail_index(const float *x, size_t len) {
    float32x4_t lanes = vdupq_n_f32(-INFINITY);
    const size_t whole = len - len % 4;
    for (size_t i = 0; i < whole; i += 4)
        lanes = vmaxq_f32(lanes, vld1q_f32(x + i));
    float largest = vmaxvq_f32(lanes);
    size_t best = 0;
    for (size_t i = 0; i < whole; i++) {
        if (isnan(largest) ? isnan(x[i]) : x[i] == largest) {
            best = i;
            break;
        }
    }
    const float *tail = x + whole;
    for (size_t i = 0; i < len - whole && !isnan(largest); i++) {
        if (tail[i] > largest || isnan(tail[i])) {
            largest = tail[i];
            best = i;
        }
    }
    return best;
}
