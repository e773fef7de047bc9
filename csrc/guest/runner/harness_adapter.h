/* For adapters of your own: C that prepares what a kernel takes and calls it, where a prototype cannot say how.
 *
 *     #include "harness_adapter.h"
 *     #include "my_kernel.h"                            declares my_kernel, the symbol of the manifest
 *
 *     void harness_adapter(const float *x, float *out, size_t n) {    with the contract's parameters
 *         struct operations todo = {.scale = 2.0f};
 *         HARNESS_CALL(my_kernel)(&todo, x, out, n);
 *     }
 *
 * HARNESS_CALL(kernel) stands for the kernel, with its type. Each such call has its registers and its stack poisoned,
 * and what it must preserve is checked; a call without it is none that is tested. Do not write one among the arguments
 * of another. Buffers are laid, guarded and compared as ever. */
#ifndef HARNESS_ADAPTER_H
#define HARNESS_ADAPTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Compilers that have no such type: the contract's buffers of bfloat16 are storage here, and no more is done with them.
 */
#if !defined(__clang__) && !defined(__aarch64__) && !defined(__BFLT16_MANT_DIG__)
typedef uint16_t __bf16;
#endif

#ifdef HARNESS_CONTRACT
HARNESS_CONTRACT; /* harness_adapter, as the contract has it: another definition is refused */
#endif

void *guest_ready(void (*kernel)(void));

#define HARNESS_CALL(kernel) ((__typeof__(&(kernel)))guest_ready((void (*)(void))(kernel)))

#endif
