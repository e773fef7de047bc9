#include <arm_neon.h>
#include <stddef.h>

float total(const float *x, size_t n) {
    float32x4_t sums = vdupq_n_f32(0);
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        sums = vaddq_f32(sums, vld1q_f32(x + i));
    float sum = vaddvq_f32(sums);
    for (; i < n; i++)
        sum += x[i];
    return sum;
}
