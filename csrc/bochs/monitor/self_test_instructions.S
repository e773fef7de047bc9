/* One function per instruction under test, of sixteen floats each: self_test_NAME(to, a, b), where `a` and `b` are
 * what C passes. C itself is compiled without vector registers. */

    .text

    .macro begin name
    .globl self_test_\name
self_test_\name:
    vmovups (%rsi), %zmm0
    vmovups (%rdx), %zmm1
    .endm

    .macro finish
    vmovups %zmm0, (%rdi)
    vzeroupper
    ret
    .endm

    begin vrsqrt14
    vrsqrt14ps %zmm0, %zmm0
    finish

    begin vrcp14
    vrcp14ps %zmm0, %zmm0
    finish

    begin vfmadd /* a * b + a */
    vfmadd213ps %zmm0, %zmm1, %zmm0
    finish

    begin vpermt2 /* the words of a and b, by the indices below */
    vmovdqu32 interleave(%rip), %zmm2
    vpermi2ps %zmm1, %zmm0, %zmm2
    vmovaps %zmm2, %zmm0
    finish

    begin vcompress /* the elements of a at odd places, then zeroes */
    movl $0xaaaa, %eax
    kmovw %eax, %k1
    vcompressps %zmm0, %zmm0{%k1}{z}
    finish

    begin vscalef
    vscalefps %zmm1, %zmm0, %zmm0
    finish

    begin vgetexp
    vgetexpps %zmm0, %zmm0
    finish

    begin vgetmant
    vgetmantps $0, %zmm0, %zmm0
    finish

    begin vrndscale /* to the nearest integer */
    vrndscaleps $0, %zmm0, %zmm0
    finish

    .section .rodata
    .balign 64
interleave:
    .long 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23

    .section .note.GNU-stack, "", @progbits
