/* ZA left on: inline assembly enables it, sums columns of outer products in it, and never disables it.
 *
 * The result is right. A caller's next function with a ZA of its own finds it in use, and until then every switch
 * between threads carries it along.
 *
 * ZA stays enabled: the standard wants it off or dormant on return.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "STATE"
 * EXPECT: cc = "clang"
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

__arm_locally_streaming float sme_leaves_za_on(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const svfloat32_t one = svdup_n_f32(1.0f);
    svfloat32_t sums = svdup_n_f32(0.0f);
    __asm__ volatile("smstart za\n\t"
                     "zero {za}");
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        __asm__ volatile(
            "fmopa za0.s, %[active]/m, %[all]/m, %[terms].s, %[one].s"
            :
            : [active] "Upl"(active), [all] "Upl"(all), [terms] "w"(svld1_f32(active, x + i)), [one] "w"(one));
    }
    __asm__ volatile("mov w12, #0\n\t"
                     "mova %[sums].s, %[all]/m, za0v.s[w12, 0]"
                     : [sums] "+w"(sums)
                     : [all] "Upl"(all)
                     : "w12");
    return svaddv_f32(all, sums);
}
