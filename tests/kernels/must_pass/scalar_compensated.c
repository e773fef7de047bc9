/* Compensated addition (Kahan, in Neumaier's form): far more accurate than its neighbours, and as right.
 *
 * KERNEL: op = "sum_f32"
 */
#include <math.h>
#include <stddef.h>

float scalar_compensated(const float *x, size_t len) {
    float sum = 0.0f, lost = 0.0f;
    for (size_t i = 0; i < len; i++) {
        const float next = sum + x[i];
        lost += fabsf(sum) >= fabsf(x[i]) ? (sum - next) + x[i] : (x[i] - next) + sum;
        sum = next;
    }
    return isfinite(lost) ? sum + lost : sum; /* infinity - infinity is no compensation */
}
