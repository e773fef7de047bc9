/* Right although it changes ZA: it puts back what it changed, as its prototype promises.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = 'float sme_preserves_shared_za(const float *x, size_t len) __arm_streaming __arm_preserves("za")'
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

float sme_preserves_shared_za(const float *x, size_t len) __arm_streaming __arm_preserves("za") {
    const svbool_t all = svptrue_b32();
    svfloat32_t kept, sums = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sums = svadd_f32_m(active, sums, svld1_f32(active, x + i));
    }
    __asm__ volatile("mov w12, #0\n\t"
                     "mova %[kept].s, %[all]/m, za3h.s[w12, 0]\n\t"
                     "mova za3h.s[w12, 0], %[all]/m, %[sums].s\n\t"
                     "mova za3h.s[w12, 0], %[all]/m, %[kept].s"
                     : [kept] "=&w"(kept)
                     : [all] "Upl"(all), [sums] "w"(sums)
                     : "w12");
    return svaddv_f32(all, sums);
}
