/* Shared ZA disabled: the prototype says that the caller's ZA is added to, and inline assembly from a function with a
 * ZA of its own turns it off at the end.
 *
 * The result is right. What the caller had in ZA is gone, and its next use of ZA faults.
 *
 * A function that shares ZA returns with ZA off.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = 'float sme_turns_shared_za_off(const float *x, size_t len) __arm_streaming __arm_inout("za")'
 * EXPECT: outcome = "STATE"
 * EXPECT: cc = "clang"
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

float sme_turns_shared_za_off(const float *x, size_t len) __arm_streaming __arm_inout("za") {
    const svbool_t all = svptrue_b32();
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svmopa_za32_f32_m(0, active, all, svld1_f32(active, x + i), svdup_n_f32(1.0f));
    }
    const svfloat32_t sums = svread_ver_za32_f32_m(svdup_n_f32(0.0f), all, 0, 0);
    const float sum = svaddv_f32(all, sums);
    __asm__ volatile("smstop za" : : : "memory");
    return sum;
}
