/* Callee-saved register overwritten: under the Windows x64 convention xmm6 to xmm15 are the caller's, under the System
 * V one they are free; the routine was written for the other.
 *
 * The result is right.
 *
 * xmm6 to xmm15 are callee-saved on Windows and free elsewhere.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = "__attribute__((ms_abi)) float avx2_ms_abi_clobbers_xmm6(const float *x, size_t len)"
 * EXPECT: outcome = "STATE"
 */
    .text
    .globl avx2_ms_abi_clobbers_xmm6
    .type avx2_ms_abi_clobbers_xmm6, @function
avx2_ms_abi_clobbers_xmm6: # float (const float *x, size_t len)
    vpxor %ymm6, %ymm6, %ymm6
1:
    cmp $8, %rdx
    jb 2f
    vaddps (%rcx), %ymm6, %ymm6
    add $32, %rcx
    sub $8, %rdx
    jmp 1b
2:
    vextractf128 $1, %ymm6, %xmm1
    vaddps %xmm1, %xmm6, %xmm0
    vhaddps %xmm0, %xmm0, %xmm0
    vhaddps %xmm0, %xmm0, %xmm0
3:
    test %rdx, %rdx
    jz 4f
    vaddss (%rcx), %xmm0, %xmm0
    add $4, %rcx
    dec %rdx
    jmp 3b
4:
    vzeroupper
    ret
    .size avx2_ms_abi_clobbers_xmm6, . - avx2_ms_abi_clobbers_xmm6
    .section .note.GNU-stack, "", @progbits
