/* Right although it counts lanes of two lengths: the first half of the row outside streaming mode, the second half
 * inside, by one function that may be called in either mode and asks for the length of the one it is in.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: waived = { streaming-only = "its documentation demands SVE beside SME" }
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

static float add_up(const float *x, uint64_t len) __arm_streaming_compatible {
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum = svadd_f32_m(active, sum, svld1_f32(active, x + i));
    }
    return svaddv_f32(svptrue_b32(), sum);
}

/* Not inlined: gcc drops the mode switch of what it inlines if the code can do without. */
__arm_locally_streaming __attribute__((noinline)) static float add_up_streaming(const float *x, uint64_t len) {
    return add_up(x, len);
}

float sme_both_lengths(const float *x, size_t len) {
    const uint64_t half = len / 2;
    return add_up(x, half) + add_up_streaming(x + half, len - half);
}
