/* Lazy save dropped: TPIDR2_EL0 is nulled, which says that ZA has been saved, before ZA is zeroed. It has not.
 *
 * Right unless a caller has something in ZA. It will restore what its buffer held before.
 *
 * TPIDR2_EL0 is nulled without a save: the caller restores ZA from a buffer that nobody has written.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "STATE"
 * EXPECT: cc = "clang"
 * EXPECT: builds = ["hostile"]
 * EXPECT: passes_in = ["plain"]
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

__arm_locally_streaming float sme_drops_lazy_save(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const svfloat32_t one = svdup_n_f32(1.0f);
    svfloat32_t sums = svdup_n_f32(0.0f);
    __asm__ volatile("msr TPIDR2_EL0, xzr\n\t"
                     "smstart za\n\t"
                     "zero {za}");
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        __asm__ volatile(
            "fmopa za0.s, %[active]/m, %[all]/m, %[terms].s, %[one].s"
            :
            : [active] "Upl"(active), [all] "Upl"(all), [terms] "w"(svld1_f32(active, x + i)), [one] "w"(one));
    }
    __asm__ volatile("mov w12, #0\n\t"
                     "mova %[sums].s, %[all]/m, za0v.s[w12, 0]\n\t"
                     "smstop za"
                     : [sums] "+w"(sums)
                     : [all] "Upl"(all)
                     : "w12");
    return svaddv_f32(all, sums);
}
