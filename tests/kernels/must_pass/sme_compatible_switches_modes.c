/* Right although it leaves the mode it was called in: a function that may be called in both calls one that has to be
 * called outside streaming mode, and the compiler goes back behind the call.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = "float sme_compatible_switches_modes(const float *x, size_t len) __arm_streaming_compatible"
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

__attribute__((noinline)) static float add(float a, float b) {
    return a + b;
}

float sme_compatible_switches_modes(const float *x, size_t len) __arm_streaming_compatible {
    float sum0 = 0.0f, sum1 = 0.0f;
    size_t i = 0;
    for (; len - i >= 2; i += 2) {
        sum0 += x[i];
        sum1 += x[i + 1];
    }
    for (; i < len; i++)
        sum0 += x[i];
    return add(sum0, sum1);
}
