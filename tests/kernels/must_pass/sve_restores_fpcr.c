/* Right although it changes FPCR: it puts back what it found.
 *
 * KERNEL: op = "sum_f32"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

#define DEFAULT_NAN (UINT64_C(1) << 25)

float sve_restores_fpcr(const float *x, size_t len) {
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr | DEFAULT_NAN));
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
    const float sum = svaddv_f32(all, svadd_f32_x(all, sum0, sum1));
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
    return sum;
}
