/* Stands in front of the compiler's arm_sve.h in the hostile build: the same interface, in which every lane that
 * the ACLE leaves unknown holds a value chosen at run time.
 *
 * It shadows the header by the include path (-isystem) rather than being forced in front of the source
 * (-include): nothing then precedes the kernel's own feature-test macros, and a kernel that needs no SVE header
 * gets none.
 */
#pragma GCC system_header
#include_next <arm_sve.h>

#ifndef HARNESS_HOSTILE_ARM_SVE_H
#define HARNESS_HOSTILE_ARM_SVE_H

#include "../poison.h"

#include "sve_fill.h"

#include "sve_intrinsics.h"

#endif
