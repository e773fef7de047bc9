/* Right although svcvt_f16_f32_x fills only the even half-width elements, and those of inactive containers are
 * undefined: svcvtnt_f16_f32_x then fills the odd ones, and the store covers active containers only.
 *
 * KERNEL: op = "pack_f16"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

void sve2_packs_even_and_odd(_Float16 *out, const float *x, size_t len) {
    const uint64_t lanes = svcntw();
    for (uint64_t i = 0; i < len; i += 2 * lanes) {
        const svfloat32_t low = svld1_f32(svwhilelt_b32_u64(i, len), x + i);
        const svbool_t is_long = svwhilelt_b32_u64(i + lanes, len);
        const svfloat32_t high = svld1_f32(is_long, svptest_any(svptrue_b32(), is_long) ? x + i + lanes : x + i);
        const svbool_t pairs = svwhilelt_b32_u64(i / 2, (len + 1) / 2);
        const svfloat16_t even = svcvt_f16_f32_x(pairs, svuzp1_f32(low, high));
        const svfloat16_t both = svcvtnt_f16_f32_x(even, pairs, svuzp2_f32(low, high));
        svst1_f16(svwhilelt_b16_u64(i, len), (float16_t *)out + i, both);
    }
}
