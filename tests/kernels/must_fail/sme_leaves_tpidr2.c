/* Lazy save left pending: TPIDR2_EL0 is pointed at a block on the stack, as before a call that may save ZA, and never
 * reset to null.
 *
 * The result is right. The next function that wants ZA follows the pointer into a frame that is gone.
 *
 * TPIDR2_EL0 keeps pointing at a dead frame: a later function saves ZA into it.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "STATE"
 * EXPECT: cc = "clang"
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

struct tpidr2_block {
    void *za_save_buffer;
    uint16_t num_za_save_slices;
    uint8_t reserved[6];
};

__arm_locally_streaming float sme_leaves_tpidr2(const float *x, size_t len) {
    struct tpidr2_block block = {0};
    __asm__ volatile("msr TPIDR2_EL0, %0" : : "r"(&block) : "memory");
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum = svadd_f32_m(active, sum, svld1_f32(active, x + i));
    }
    return svaddv_f32(svptrue_b32(), sum);
}
