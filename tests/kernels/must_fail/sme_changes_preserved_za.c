/* ZA changed: the prototype promises to preserve it, and inline assembly uses a tile of it as scratch.
 *
 * The result is right.
 *
 * A tile of ZA is used as scratch where the prototype promises to preserve it.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = """\
 * KERNEL: float sme_changes_preserved_za(const float *x, size_t len) __arm_streaming __arm_preserves("za")"""
 * EXPECT: outcome = "STATE"
 * EXPECT: cc = "clang"
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

float sme_changes_preserved_za(const float *x, size_t len) __arm_streaming __arm_preserves("za") {
    const svbool_t all = svptrue_b32();
    svfloat32_t sums = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sums = svadd_f32_m(active, sums, svld1_f32(active, x + i));
    }
    __asm__ volatile("mov w12, #0\n\t"
                     "mova za3h.s[w12, 0], %[all]/m, %[sums].s"
                     :
                     : [all] "Upl"(all), [sums] "w"(sums)
                     : "w12");
    return svaddv_f32(all, sums);
}
