/* Right although it overwrites z8 and restores 64 bits of it: under the base procedure call standard only d8, its
 * low half, is the caller's. The clobber is hidden from the compiler, which would save it itself.
 *
 * KERNEL: op = "sum_f32"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_saves_d8(const float *x, size_t len) {
    svfloat32_t sum = svdup_n_f32(0.0f);
    uint64_t saved;
    __asm__ volatile("fmov %0, d8" : "=r"(saved));
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        __asm__ volatile("ld1w {z8.s}, %[active]/z, [%[at]]\n\t"
                         "fadd %[sum].s, %[active]/m, %[sum].s, z8.s"
                         : [sum] "+w"(sum)
                         : [active] "Upl"(active), [at] "r"(x + i)
                         : "memory");
    }
    __asm__ volatile("fmov d8, %0" : : "r"(saved));
    return svaddv_f32(svptrue_b32(), sum);
}
