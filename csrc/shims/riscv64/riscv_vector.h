/* Stands in front of the compiler's riscv_vector.h in the hostile build: the same interface, in which vectors that the
 * intrinsics' specification leaves undefined hold values chosen at run time. Agnostic lanes are the emulator's to fill.
 */
#pragma GCC system_header
#include_next <riscv_vector.h>

#ifndef HARNESS_HOSTILE_RISCV_VECTOR_H
#define HARNESS_HOSTILE_RISCV_VECTOR_H

#include "../poison.h"

/* Whether a value is of a type, without evaluating it. */
#ifdef __cplusplus
extern "C++" {
template <class value_type> value_type hostile_value(const value_type &);
}
#define HOSTILE_IS(type, ...) __is_same(type, __typeof__(hostile_value(__VA_ARGS__)))
#else
#define HOSTILE_IS(type, ...) _Generic((__VA_ARGS__), type: 1, default: 0)
#endif

#include "rvv_intrinsics.h"

#endif
