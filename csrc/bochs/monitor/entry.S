/* Into the monitor and out of it: exceptions, the timer, and system calls. All of them leave a struct registers on the
 * monitor's stack, and all of them leave by iretq: sysretq would be faster, and cannot return everything. */
#include "layout.h"

    .text

/* ---- exceptions and interrupts -------------------------------------------------------------------- */

/* The processor pushes an error code for these only, SDM volume 3, table 7-1. */
#define HAS_ERROR_CODE(n) ((n) == 8 || ((n) >= 10 && (n) <= 14) || (n) == 17 || (n) == 21)

    .altmacro
    .macro entry n
entry_\n:
    .if !HAS_ERROR_CODE(\n)
    pushq $0
    .endif
    pushq $\n
    jmp entry_common
    .endm

    .set vector, 0
    .rept VECTOR_COUNT
    entry %vector
    .set vector, vector + 1
    .endr

    .macro entry_address n
    .quad entry_\n
    .endm

    .section .rodata
    .globl entry_points
    .balign 8
entry_points:
    .set vector, 0
    .rept VECTOR_COUNT
    entry_address %vector
    .set vector, vector + 1
    .endr

/* ---- system calls --------------------------------------------------------------------------------- */

/* SYSCALL (SDM volume 2B) leaves rip in rcx, rflags in r11, and the program's stack in rsp. There is one processor and
 * no entry within an entry, so that what would be per processor elsewhere has an address here. */
    .text
    .globl entry_system_call
entry_system_call:
    movq %rsp, program_rsp(%rip)
    movq $monitor_stack_top, %rsp
    pushq $SELECTOR_USER_DATA
    pushq program_rsp(%rip)
    pushq %r11
    pushq $SELECTOR_USER_CODE
    pushq %rcx
    pushq %rax /* in place of an error code: the number of the call */
    pushq $VECTOR_SYSTEM_CALL

entry_common:
    cld
    pushq %rax
    pushq %rbx
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %rbp
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, %rdi
    movq %rsp, %rbp
    andq $-16, %rsp
    call monitor_enter
    movq %rbp, %rdi

/* enter_program(registers): the same way out, for the first time. */
    .globl enter_program
enter_program:
    movq %rdi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rbp
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rbx
    popq %rax
    addq $16, %rsp
    iretq

    .bss
    .balign 16
    .globl monitor_stack_top
    .skip STACK_BYTES
monitor_stack_top:
program_rsp:
    .skip 8

    .section .note.GNU-stack, "", @progbits
