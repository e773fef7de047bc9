/* __arm_sme_state of AAPCS64 8.1.1, which libgcc has from version 14 on and compiler-rt from 18 on: tells the mode and
 * the state of ZA. Here for threads that have SME only. May change x0 and x1 only.
 */
    .text
    .weak __arm_sme_state
    .type __arm_sme_state, %function
__arm_sme_state:
    mrs x0, SVCR
    mrs x1, TPIDR2_EL0
    orr x0, x0, #0xc000000000000000 // access to SME and TPIDR2_EL0
    ret
    .size __arm_sme_state, . - __arm_sme_state
    .section .note.GNU-stack, "", %progbits
