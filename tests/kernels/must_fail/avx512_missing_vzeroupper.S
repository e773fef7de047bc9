/* Missing vzeroupper: an assembly routine returns with dirty upper halves; compilers insert the instruction into C
 * on their own.
 *
 * The result is right. SSE code that runs later pays a penalty for every instruction, on some cores until the next
 * context switch.
 *
 * Upper halves left dirty: SSE code in the caller pays for it.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "STATE"
 * EXPECT: builds = ["hostile"]
 */
    .text
    .globl avx512_missing_vzeroupper
    .type avx512_missing_vzeroupper, @function
avx512_missing_vzeroupper: # float (const float *x, size_t len)
    vpxord %zmm0, %zmm0, %zmm0
    mov $-1, %eax
    kmovw %eax, %k1
1:
    test %rsi, %rsi
    jz 3f
    cmp $16, %rsi
    jae 2f
    mov %esi, %ecx
    mov $1, %eax
    shl %cl, %eax
    dec %eax
    kmovw %eax, %k1
    mov $16, %esi
2:
    vmovups (%rdi), %zmm2{%k1}{z}
    vaddps %zmm2, %zmm0, %zmm0
    add $64, %rdi
    sub $16, %rsi
    jmp 1b
3:
    vextractf64x4 $1, %zmm0, %ymm1
    vaddps %ymm1, %ymm0, %ymm0
    vextractf128 $1, %ymm0, %xmm1
    vaddps %xmm1, %xmm0, %xmm0
    vhaddps %xmm0, %xmm0, %xmm0
    vhaddps %xmm0, %xmm0, %xmm0
    ret
    .size avx512_missing_vzeroupper, . - avx512_missing_vzeroupper

    .section .note.GNU-stack, "", @progbits
