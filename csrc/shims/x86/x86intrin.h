/* Stands in front of the compiler's x86intrin.h in the hostile build. The compiler's headers include each other, and so
 * these: only the outermost redefines anything, when all that it includes is read. */
#pragma GCC system_header
#ifdef HARNESS_HOSTILE_X86_INSIDE
#include_next <x86intrin.h>
#else
#define HARNESS_HOSTILE_X86_INSIDE
#include "restore.h"

#include_next <x86intrin.h>

#include "undefined_values.h"
#undef HARNESS_HOSTILE_X86_INSIDE
#endif
