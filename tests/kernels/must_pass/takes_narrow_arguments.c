/* Right although its arguments fill neither registers nor stack slots, and clang on x86-64 reads 32 bits of the
 * shortest integers: every caller extends them that far.
 *
 * KERNEL: op = "weigh_f32"
 * KERNEL: isa = "scalar"
 * KERNEL: name = "scalar_takes_narrow_arguments"
 *
 * KERNEL: op = "weigh_f32"
 * KERNEL: isa = "neon"
 * KERNEL: name = "neon_takes_narrow_arguments"
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void takes_narrow_arguments(float *out, const float *x, size_t len, uint8_t a, int16_t b, bool c, int8_t d, uint16_t e,
                            int32_t f, uint32_t g, bool h, int8_t i, float p, float q, double r, float s, float t,
                            float u, float v, float w, float y, double z) {
    const int64_t integers = (int64_t)a + b + c + d + e + f + g + h + i;
    const float weight = (float)integers + (p + q + (float)r + s + t + u + v + w + y + (float)z);
    for (size_t k = 0; k < len; k++)
        out[k] = x[k] * weight;
}
