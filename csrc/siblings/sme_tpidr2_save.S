/* __arm_tpidr2_save of AAPCS64, "SME support routines", which libgcc has from version 14 on and compiler-rt from 18
 * on: commits a pending lazy save of ZA, if there is one. May change x14 to x17 only.
 */
    .text
    .weak __arm_tpidr2_save
    .type __arm_tpidr2_save, %function
__arm_tpidr2_save:
    mrs x14, TPIDR2_EL0
    cbz x14, 2f
    ldr x16, [x14]      // za_save_buffer
    ldrh w17, [x14, #8] // num_za_save_slices
    cbz x16, 2f
    mov w15, #0
1:
    cmp w15, w17
    b.hs 2f
    str za[w15, 0], [x16]
    addsvl x16, x16, #1
    add w15, w15, #1
    b 1b
2:
    ret
    .size __arm_tpidr2_save, . - __arm_tpidr2_save
    .section .note.GNU-stack, "", %progbits
