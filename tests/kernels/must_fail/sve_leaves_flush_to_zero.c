/* Mode left on: FPCR.FZ is set for speed and never restored.
 *
 * Every later computation of the process flushes subnormals. The result is right unless there are subnormals in
 * the input.
 *
 * FPCR.FZ stays set: code that runs later loses its subnormals.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "STATE"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

#define FLUSH_TO_ZERO (UINT64_C(1) << 24)

float sve_leaves_flush_to_zero(const float *x, size_t len) {
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr | FLUSH_TO_ZERO));
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum0 = svdup_n_f32(0.0f), sum1 = sum0;
    uint64_t i = 0;
    for (; len - i >= 2 * lanes; i += 2 * lanes) {
        sum0 = svadd_f32_x(all, sum0, svld1_f32(all, x + i));
        sum1 = svadd_f32_x(all, sum1, svld1_f32(all, x + i + lanes));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum0 = svadd_f32_m(active, sum0, svld1_f32(active, x + i));
    }
    return svaddv_f32(all, svadd_f32_x(all, sum0, sum1));
}
