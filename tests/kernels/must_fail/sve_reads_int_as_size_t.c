/* Wrong width: its header says `int len`, and whilelt compares 64 bits of the register, of which the caller leaves
 * the upper half undefined.
 *
 * Right as long as the caller happens to have zeros there.
 *
 * The same on AArch64, where whilelt reads the 64-bit register.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = "float sve_reads_int_as_size_t(const float *x, int len)"
 * EXPECT: outcome = "OUT_OF_BOUNDS"
 * EXPECT: builds = ["hostile"]
 * EXPECT: passes_in = ["plain"]
 */
#include <arm_sve.h>
#include <stdint.h>

float sve_reads_int_as_size_t(const float *x, uint64_t len) {
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum = svadd_f32_m(active, sum, svld1_f32(active, x + i));
    }
    return svaddv_f32(svptrue_b32(), sum);
}
