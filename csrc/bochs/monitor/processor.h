/* What the processor has, its tables, its timer, and the state that signals save. */
#ifndef HARNESS_BOCHS_PROCESSOR_H
#define HARNESS_BOCHS_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

#define FLAG_ALWAYS_ONE (UINT64_C(1) << 1)
#define FLAG_TRAP (UINT64_C(1) << 8)
#define FLAG_INTERRUPTS (UINT64_C(1) << 9)
#define FLAG_DIRECTION (UINT64_C(1) << 10)
#define FLAG_RESUME (UINT64_C(1) << 16)
/* What a program may change: SDM volume 1, 3.4.3, without I/O privilege, interrupts and virtual modes. */
#define FLAGS_OF_PROGRAM UINT64_C(0x250dd5) /* CF PF AF ZF SF TF DF OF RF AC ID */

void processor_prepare(void); /* tables, XCR0, the way into system calls */

bool processor_has_avx512(void);      /* foundation, and its registers switched on */
uint64_t processor_hwcap(void);       /* CPUID 1, edx */
uint64_t processor_hwcap2(void);      /* bit 1: rdfsbase and its kin */
uint64_t processor_state_bytes(void); /* of XSAVE */
uint64_t processor_state_mask(void);  /* XCR0 */

/* One interrupt after so many instructions; 0 switches it off. */
void processor_set_timer(uint64_t instructions);
void processor_timer_came(void);

/* XSAVE's standard format; `area` is 64-byte aligned and of processor_state_bytes(). */
void processor_save_state(void *area);
bool processor_restore_state(const void *area); /* false if the processor would refuse it */
void processor_reset_state(void);

#endif
