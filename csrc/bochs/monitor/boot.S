/* From the reset vector to 64-bit mode, without a BIOS. The processor starts in real mode at the last 16 bytes of the
 * ROM; the base of cs makes that physical address 0xfffffff0 (SDM volume 3, 11.1.4). */
#include "layout.h"

#define KEYBOARD_A20_PORT 0x92
#define A20_ENABLE 2
#define PRESENT_WRITABLE 3
#define LARGE_PAGE 0x80
#define LARGE_PAGE_BYTES 0x200000
#define DIRECTORY_ENTRIES 2048 /* four directories: 4 GiB */
#define ENTRY_BYTES 8
#define SLOT(address) (((address) >> 39 & 511) * ENTRY_BYTES)

    .section .reset, "ax"
    .code16
    jmp boot16

    .section .boot, "ax"
boot16:
    cli
    cld
    inb $KEYBOARD_A20_PORT, %al
    orb $A20_ENABLE, %al
    outb %al, $KEYBOARD_A20_PORT
    lgdtl %cs:(boot_gdt_pointer - ROM_BASE)
    movl %cr0, %eax
    orb $1, %al /* protected mode */
    movl %eax, %cr0
    ljmpl $SELECTOR_CODE32, $boot32

    .code32
boot32:
    movw $SELECTOR_DATA, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss

    /* Page tables: 4 GiB at the bottom, to go on running here, and in both places that layout.h shows. */
    movl $BOOT_TABLES, %edi
    xorl %eax, %eax
    movl $(BOOT_TABLES_BYTES / 4), %ecx
    rep stosl
    movl $(BOOT_PDPT_DIRECT | PRESENT_WRITABLE), BOOT_PML4
    movl $(BOOT_PDPT_DIRECT | PRESENT_WRITABLE), BOOT_PML4 + SLOT(DIRECT_BASE)
    movl $(BOOT_PDPT_MONITOR | PRESENT_WRITABLE), BOOT_PML4 + SLOT(MONITOR_BASE)
    movl $(BOOT_DIRECTORIES | PRESENT_WRITABLE), BOOT_PDPT_MONITOR + 510 * ENTRY_BYTES
    movl $(BOOT_DIRECTORIES | PRESENT_WRITABLE), BOOT_PDPT_DIRECT
    movl $((BOOT_DIRECTORIES + 0x1000) | PRESENT_WRITABLE), BOOT_PDPT_DIRECT + 1 * ENTRY_BYTES
    movl $((BOOT_DIRECTORIES + 0x2000) | PRESENT_WRITABLE), BOOT_PDPT_DIRECT + 2 * ENTRY_BYTES
    movl $((BOOT_DIRECTORIES + 0x3000) | PRESENT_WRITABLE), BOOT_PDPT_DIRECT + 3 * ENTRY_BYTES
    movl $BOOT_DIRECTORIES, %edi
    movl $(LARGE_PAGE | PRESENT_WRITABLE), %eax
    movl $DIRECTORY_ENTRIES, %ecx
1:  movl %eax, (%edi)
    addl $LARGE_PAGE_BYTES, %eax
    addl $ENTRY_BYTES, %edi
    loop 1b

    /* The monitor itself: out of the ROM, to where it is linked. */
    movl $monitor_load_start, %esi
    movl $MONITOR_PHYSICAL, %edi
    movl $monitor_load_words, %ecx
    rep movsl

    /* Long mode (SDM volume 3, 11.8.5), with the checks of alignment that programs may ask for. */
    movl $BOOT_PML4, %eax
    movl %eax, %cr3
    movl %cr4, %eax
    orl $(CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT), %eax
    movl %eax, %cr4
    movl $MSR_EFER, %ecx
    rdmsr
    orl $(EFER_NXE | EFER_LME | EFER_SCE), %eax
    wrmsr
    movl %cr0, %eax
    andl $~CR0_EMULATION, %eax
    orl $(CR0_PAGING | CR0_WRITE_PROTECT | CR0_ALIGNMENT_MASK | CR0_NUMERIC_ERROR | CR0_MONITOR_COPROCESSOR), %eax
    movl %eax, %cr0
    ljmpl $SELECTOR_CODE, $boot64

    .code64
boot64:
    movq $monitor_stack_top, %rsp
    movq $monitor_bss_start, %rdi
    movq $monitor_bss_end, %rcx
    subq %rdi, %rcx
    xorl %eax, %eax
    rep stosb
    movq $monitor_main, %rax
    call *%rax
1:  hlt
    jmp 1b

    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00cf9b000000ffff /* SELECTOR_CODE32: flat, 4 GiB, ring 0 */
    .quad 0x00af9b000000ffff /* SELECTOR_CODE */
    .quad 0x00cf93000000ffff /* SELECTOR_DATA */
boot_gdt_pointer:
    .word . - boot_gdt - 1
    .long boot_gdt

    .section .note.GNU-stack, "", @progbits
