/* Right although svcvt_f16_f32_x fills only the even half-width elements: they lie in the active 32-bit
 * containers, and unzip and the narrowing store read nothing else.
 *
 * KERNEL: op = "pack_f16"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

void sve_packs_halves(_Float16 *out, const float *x, size_t len) {
    const uint64_t lanes = svcntw();
    uint64_t i = 0;
    for (; len - i >= 2 * lanes; i += 2 * lanes) {
        const svfloat16_t low = svcvt_f16_f32_x(svptrue_b32(), svld1_f32(svptrue_b32(), x + i));
        const svfloat16_t high = svcvt_f16_f32_x(svptrue_b32(), svld1_f32(svptrue_b32(), x + i + lanes));
        svst1_f16(svptrue_b16(), (float16_t *)out + i, svuzp1_f16(low, high));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat16_t halves = svcvt_f16_f32_x(active, svld1_f32(active, x + i));
        svst1h_u32(active, (uint16_t *)out + i, svreinterpret_u32_f16(halves));
    }
}
