/* TPIDR2 block changed: where a lazy save is pending, the number of slices to save is set to zero, so that the support
 * routine that is called next saves nothing.
 *
 * Right unless a caller has something in ZA. The block is the caller's, and others may have to read it.
 *
 * The block that TPIDR2_EL0 points at is the caller's and must stay as it is.
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

struct tpidr2_block {
    void *za_save_buffer;
    uint16_t num_za_save_slices;
};

__arm_locally_streaming float sme_marks_block_as_saved(const float *x, size_t len) {
    struct tpidr2_block *block;
    __asm__ volatile("mrs %0, TPIDR2_EL0" : "=r"(block));
    if (block)
        block->num_za_save_slices = 0;
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum = svadd_f32_m(active, sum, svld1_f32(active, x + i));
    }
    return svaddv_f32(svptrue_b32(), sum);
}
