/* An atomic addition of Armv8.1 in a kernel for every AArch64 processor.
 *
 * An instruction of Armv8.1 in a kernel for Armv8.0: every emulator's largest CPU has it.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "CRASH"
 * EXPECT: targets = ["cortex-a72"]
 * EXPECT: passes_on = ["neon"]
 */
#include <stddef.h>
#include <stdint.h>

float neon_uses_armv8_1(const float *x, size_t len) {
    static uint32_t calls;
    uint32_t one = 1;
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += x[i];
    __asm__ volatile(".arch armv8.1-a\n\tldadd %w0, %w0, [%1]" : "+r"(one) : "r"(&calls) : "memory"); /* BUG */
    return sum;
}
