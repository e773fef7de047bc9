/* What compilers expect of a run-time library for SME, and not every toolchain brings: libgcc has the support routines
 * from version 14 on, compiler-rt from 18 on, and the functions on memory from 19 on, and clang does not link the latter
 * by default. All are weak: what a kernel brings itself takes their place.
 *
 * AAPCS64, "SME support routines", says what each does and which registers it may change. */
#include "registers.inc"

#define AT_HWCAP 16
#define HWCAP_SVE_BIT 22
#define AT_HWCAP2 26
#define HWCAP2_SME_BIT 23
#define STATE_HAS_SME_AND_TPIDR2 0xc000000000000000
#define SMSTOP_ZA .inst 0xd503447f /* smstop za */
#define STR_ZA_W15_X16 .inst 0xe1206200 /* str za[w15, 0], [x16] */
#define LDR_ZA_W15_X16 .inst 0xe1006200 /* ldr za[w15, 0], [x16] */
#define ADDSVL_X16 .inst 0x04305830 /* addsvl x16, x16, #1 */
#define CNTD_X0 .inst 0x04e0e3e0 /* cntd x0 */

.macro routine name
    .weak \name
    .type \name, %function
    .balign 16
\name:
.endm

.macro end_routine name
    .size \name, . - \name
.endm

/* Jumps to \to if this thread cannot use SME. */
.macro without_sme to using
    adrp \using, has_sme
    ldr \using, [\using, #:lo12:has_sme]
    cbz \using, \to
.endm

/* The block at \block: the buffer to x16, the number of slices to w17. Jumps to \none if there is nothing to do. */
.macro take_block block none
    ldrh w16, [\block, #10]
    ldr w17, [\block, #12]
    orr w16, w16, w17
    cbnz w16, abort_for_reserved_bytes
    ldr x16, [\block]
    cbz x16, \none
    ldrh w17, [\block, #8]
    mov w15, #0
.endm

    .arch armv8-a
    .text

abort_for_reserved_bytes:
    b abort

/* Mode and state in x0 and TPIDR2_EL0 in x1. */
routine __arm_sme_state
    mov x0, #0
    mov x1, #0
    without_sme 1f, x16
    mrs x0, SVCR
    and x0, x0, #3
    orr x0, x0, #STATE_HAS_SME_AND_TPIDR2
    mrs x1, TPIDR2_EL0
1:  ret
end_routine __arm_sme_state

/* Commits the lazy save that is pending, if there is one. May change x14 to x17. */
routine __arm_tpidr2_save
    without_sme 2f, x14
    mrs x14, TPIDR2_EL0
    cbz x14, 2f
    take_block x14, 2f
1:  cmp w15, w17
    b.hs 2f
    STR_ZA_W15_X16
    ADDSVL_X16
    add w15, w15, #1
    b 1b
2:  ret
end_routine __arm_tpidr2_save

/* Commits the lazy save that is pending, and turns ZA off. May change x14 to x17. */
routine __arm_za_disable
    without_sme 1f, x14
    stp x29, x30, [sp, #-16]!
    mov x29, sp
    bl __arm_tpidr2_save
    msr TPIDR2_EL0, xzr
    SMSTOP_ZA
    ldp x29, x30, [sp], #16
1:  ret
end_routine __arm_za_disable

/* Takes back what was saved to the block at x0. May change x14 to x17. */
routine __arm_tpidr2_restore
    mrs x14, TPIDR2_EL0
    cbnz x14, abort_for_reserved_bytes
    take_block x0, 2f
1:  cmp w15, w17
    b.hs 2f
    LDR_ZA_W15_X16
    ADDSVL_X16
    add w15, w15, #1
    b 1b
2:  ret
end_routine __arm_tpidr2_restore

/* The vector length in units of 64 bits to x0, 0 where there are no scalable vectors now. May change x16 and x17. */
routine __arm_get_current_vg
    adrp x16, has_sve
    ldr x16, [x16, #:lo12:has_sve]
    cbnz x16, 1f
    mov x0, #0
    without_sme 2f, x16
    mrs x16, SVCR
    tbz x16, #0, 2f
1:  CNTD_X0
2:  ret
end_routine __arm_get_current_vg

/* ---- functions on memory that may be called in streaming mode ------------------------------------- */

routine __arm_sc_memcpy
    mov x3, x0
1:  cmp x2, #8
    b.lo 2f
    ldr x4, [x1], #8
    str x4, [x3], #8
    sub x2, x2, #8
    b 1b
2:  cbz x2, 3f
    ldrb w4, [x1], #1
    strb w4, [x3], #1
    sub x2, x2, #1
    b 2b
3:  ret
end_routine __arm_sc_memcpy

/* From the end, where the start of the destination lies within the source. */
routine __arm_sc_memmove
    sub x3, x0, x1
    cmp x3, x2
    b.hs __arm_sc_memcpy
1:  cbz x2, 2f
    sub x2, x2, #1
    ldrb w4, [x1, x2]
    strb w4, [x0, x2]
    b 1b
2:  ret
end_routine __arm_sc_memmove

routine __arm_sc_memset
    mov x3, x0
1:  cbz x2, 2f
    strb w1, [x3], #1
    sub x2, x2, #1
    b 1b
2:  ret
end_routine __arm_sc_memset

routine __arm_sc_memchr
    and w1, w1, #255
1:  cbz x2, 2f
    ldrb w3, [x0]
    cmp w3, w1
    b.eq 3f
    add x0, x0, #1
    sub x2, x2, #1
    b 1b
2:  mov x0, #0
3:  ret
end_routine __arm_sc_memchr

/* ---- what this processor has: before any constructor of a kernel runs ----------------------------- */

look_at_processor:
    stp x29, x30, [sp, #-16]!
    mov x29, sp
    mov x0, #AT_HWCAP
    bl getauxval
    ubfx x0, x0, #HWCAP_SVE_BIT, #1
    adrp x1, has_sve
    str x0, [x1, #:lo12:has_sve]
    mov x0, #AT_HWCAP2
    bl getauxval
    ubfx x0, x0, #HWCAP2_SME_BIT, #1
    adrp x1, has_sme
    str x0, [x1, #:lo12:has_sme]
    ldp x29, x30, [sp], #16
    ret

    .section .init_array.00090, "aw", %init_array
    .balign 8
    .xword look_at_processor

    .bss
    .balign 8
has_sve:
    .skip 8
has_sme:
    .skip 8

    .section .note.GNU-stack, "", %progbits
