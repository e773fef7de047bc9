/* __arm_tpidr2_save of AAPCS64, "SME support routines", which a function with a ZA of its own (__arm_new("za")) calls
 * on entry: commits the lazy save of ZA that a caller has pending, if there is one. Changes x14 to x17 and the flags
 * only.
 *
 * It belongs to the compiler's run-time library: libgcc has it from version 14 on, compiler-rt from 18 on, and what
 * Debian 12 links against is older. Weak, so that a second kernel, or a library that has it, makes no conflict.
 */
#ifndef KERNELS_SME_TPIDR2_SAVE_H
#define KERNELS_SME_TPIDR2_SAVE_H

/* clang-format off */
__asm__(".pushsection .text.__arm_tpidr2_save, \"ax\", %progbits\n"
        "    .p2align 2\n"
        "    .weak __arm_tpidr2_save\n"
        "    .type __arm_tpidr2_save, %function\n"
        "    .variant_pcs __arm_tpidr2_save\n"
        "__arm_tpidr2_save:\n"
        "    mrs x14, TPIDR2_EL0\n"
        "    cbz x14, 2f\n"
        "    ldr x16, [x14]\n"     /* za_save_buffer */
        "    ldrh w17, [x14, #8]\n" /* num_za_save_slices */
        "    cbz x16, 2f\n"
        "    mov w15, #0\n"
        "1:  cmp w15, w17\n"
        "    b.hs 2f\n"
        "    str za[w15, 0], [x16]\n"
        "    addsvl x16, x16, #1\n"
        "    add w15, w15, #1\n"
        "    b 1b\n"
        "2:  ret\n"
        "    .size __arm_tpidr2_save, . - __arm_tpidr2_save\n"
        "    .popsection\n");
/* clang-format on */

#endif
