/* Right although it reads the vector lengths once only, before main: in a process they stay what they are.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: waived = { streaming-only = "its documentation demands SVE beside SME" }
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>

#define HAS_SME (1ul << 23) /* of AT_HWCAP2; older headers lack its name */

static uint64_t lanes = 4, streaming_lanes = 4;

__attribute__((constructor)) static void keep_lengths(void) {
    if (getauxval(AT_HWCAP2) & HAS_SME) {
        lanes = svcntw();
        streaming_lanes = svcntsw();
    }
}

static float add_up(const float *x, uint64_t len, uint64_t step) __arm_streaming_compatible {
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += step) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum = svadd_f32_m(active, sum, svld1_f32(active, x + i));
    }
    return svaddv_f32(svptrue_b32(), sum);
}

__arm_locally_streaming __attribute__((noinline)) static float add_up_streaming(const float *x, uint64_t len) {
    return add_up(x, len, streaming_lanes);
}

float sme_keeps_both_lengths(const float *x, size_t len) {
    const uint64_t half = len / 2;
    return add_up(x, half, lanes) + add_up_streaming(x + half, len - half);
}
