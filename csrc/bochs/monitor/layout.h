/* Addresses, selectors and sizes that assembly and C share. "SDM" is Intel's Software Developer's Manual.
 *
 *     virtual                      physical
 *     0 .. 0x00007fffffffffff      the program, in 4 KiB pages on demand; page 0 is never mapped
 *     0xffff800000000000 + p       p: the first 4 GiB, memory and the local APIC
 *     0xffffffff80000000 + p       p: the first GiB, where the monitor is linked */
#ifndef HARNESS_BOCHS_LAYOUT_H
#define HARNESS_BOCHS_LAYOUT_H

#define ROM_BASE 0xffff0000 /* 64 KiB that end with the reset vector, SDM volume 3, 11.1.4 */

#define BOOT_TABLES 0x10000 /* PML4, two page directory pointer tables, four page directories */
#define BOOT_TABLES_BYTES 0x7000
#define BOOT_PML4 (BOOT_TABLES + 0x0000)
#define BOOT_PDPT_DIRECT (BOOT_TABLES + 0x1000)
#define BOOT_PDPT_MONITOR (BOOT_TABLES + 0x2000)
#define BOOT_DIRECTORIES (BOOT_TABLES + 0x3000)

#define MONITOR_PHYSICAL 0x100000
#define DIRECT_BASE 0xffff800000000000
#define MONITOR_BASE 0xffffffff80000000
#define USER_END 0x00007ffffffff000 /* as under Linux: the last page below the hole stays free */

#define STACK_BYTES 0x4000

/* Those that a program sees have Linux's values. */
#define SELECTOR_CODE32 0x08
#define SELECTOR_CODE 0x10
#define SELECTOR_DATA 0x18
#define SELECTOR_USER_DATA 0x2b
#define SELECTOR_USER_CODE 0x33
#define SELECTOR_TASK 0x38

/* Numbers of entries beyond the exceptions, in struct registers. */
#define EXCEPTION_COUNT 32
#define VECTOR_TIMER 32
#define VECTOR_SPURIOUS 33
#define VECTOR_COUNT 34
#define VECTOR_SYSTEM_CALL 256

#define CR0_MONITOR_COPROCESSOR (1 << 1)
#define CR0_EMULATION (1 << 2)
#define CR0_NUMERIC_ERROR (1 << 5)
#define CR0_WRITE_PROTECT (1 << 16)
#define CR0_ALIGNMENT_MASK (1 << 18)
#define CR0_PAGING (1 << 31)
#define CR4_PAE (1 << 5)
#define CR4_OSFXSR (1 << 9)
#define CR4_OSXMMEXCPT (1 << 10)
#define CR4_FSGSBASE (1 << 16)
#define CR4_OSXSAVE (1 << 18)

#define MSR_APIC_BASE 0x1b
#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_FMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define EFER_SCE (1 << 0)
#define EFER_LME (1 << 8)
#define EFER_NXE (1 << 11)

#endif
