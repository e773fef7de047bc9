/* Right although SMSTART zeroes a floating-point argument: with a streaming interface it is the caller that starts
 * streaming mode, before it passes any.
 *
 * KERNEL: op = "axpy_f32"
 * KERNEL: prototype = "void sme_streaming_axpy(float *y, const float *x, size_t len, float a) __arm_streaming"
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

void sme_streaming_axpy(float *y, const float *x, size_t len, float a) __arm_streaming {
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svst1_f32(active, y + i, svmla_n_f32_x(active, svld1_f32(active, y + i), svld1_f32(active, x + i), a));
    }
}
