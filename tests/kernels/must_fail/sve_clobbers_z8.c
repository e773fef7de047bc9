/* Callee-saved register overwritten: writing z8 destroys d8, whose 64 bits the base procedure call standard gives
 * to the caller.
 *
 * The result is right. Shows only where there is a residue: the loop that does it runs for nothing else.
 *
 * z8 is scratch under no calling convention: its low 64 bits are d8.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "STATE"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_clobbers_z8(const float *x, size_t len) {
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
        __asm__("ld1w {z8.s}, %[active]/z, [%[at]]\n\t"
                "fadd %[sum].s, %[active]/m, %[sum].s, z8.s"
                : [sum] "+w"(sum0)
                : [active] "Upl"(active), [at] "r"(x + i)
                : "memory");
    }
    return svaddv_f32(all, svadd_f32_x(all, sum0, sum1));
}
