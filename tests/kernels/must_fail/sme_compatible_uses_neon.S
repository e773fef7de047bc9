/* Advanced SIMD in a function that may be called in streaming mode, where cores without FA64 do not have it.
 *
 * Right when called outside streaming mode.
 *
 * Advanced SIMD faults in streaming mode, in which a streaming-compatible function may be called.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = "float sme_compatible_uses_neon(const float *x, size_t len) __arm_streaming_compatible"
 * EXPECT: outcome = "CRASH"
 * EXPECT: cc = "clang"
 */
    .text
    .globl sme_compatible_uses_neon
    .type sme_compatible_uses_neon, %function
sme_compatible_uses_neon: // float (const float *x, size_t len) __arm_streaming_compatible
    movi v0.4s, #0
1:
    cmp x1, #4
    b.lo 2f
    ldr q1, [x0], #16
    fadd v0.4s, v0.4s, v1.4s
    sub x1, x1, #4
    b 1b
2:
    faddp v0.4s, v0.4s, v0.4s
    faddp s0, v0.2s
3:
    cbz x1, 4f
    ldr s1, [x0], #4
    fadd s0, s0, s1
    sub x1, x1, #1
    b 3b
4:
    ret
    .size sme_compatible_uses_neon, . - sme_compatible_uses_neon
    .section .note.GNU-stack, "", %progbits
