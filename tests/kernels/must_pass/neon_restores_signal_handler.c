/* Right: asks the processor for a feature by trying it, as older libraries do, and puts the signal handler back. What
 * libc hands back of the old action has no restorer where its flag is not set.
 *
 * KERNEL: op = "sum_f32"
 */
#include <arm_neon.h>
#include <signal.h>
#include <stddef.h>

static void on_illegal_instruction(int number) {
    (void)number;
}

float neon_restores_signal_handler(const float *x, size_t len) {
    struct sigaction ours = {.sa_handler = on_illegal_instruction}, theirs;
    sigaction(SIGILL, &ours, &theirs);
    float32x4_t sums = vdupq_n_f32(0.0f);
    size_t i = 0;
    for (; len - i >= 4; i += 4)
        sums = vaddq_f32(sums, vld1q_f32(x + i));
    float sum = vaddvq_f32(sums);
    for (; i < len; i++)
        sum += x[i];
    sigaction(SIGILL, &theirs, NULL);
    return sum;
}
