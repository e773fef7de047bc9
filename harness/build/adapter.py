"""The call adapter: a small C file, generated from a kernel's prototype, that the guest runner calls.

csrc/guest/runner/adapter.h is the interface that it implements.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from harness.build.chunks import chunks_of
from harness.model import Contract, Kernel, has_sme
from harness.model.prototype import SCALAR_TYPES, Parameter, Prototype, ScalarType
from harness.model.vectors import Bank

_HEADERS = ("stdbool.h", "stddef.h", "stdint.h", "sys/types.h")


def adapter_source(kernel: Kernel, contract: Contract) -> str:
    """Write the adapter of one kernel.

    value[i] follows the contract's parameters; the kernel may have them in another order or with other integer
    types, which the conversions here bridge. A kernel on vectors is called chunk by chunk; a user's adapter is called
    with the contract's parameters, and calls the kernel itself.
    """
    if kernel.adapter:
        return _source(kernel, *_handed_over(contract), callee=contract.prototype)
    if kernel.prototype.vectors:
        return _source(kernel, [], chunks_of(kernel, contract, _argument), callee=kernel.prototype)
    positions = {parameter.name: index for index, parameter in enumerate(contract.prototype.parameters)}
    by_name = {parameter.name: parameter for parameter in contract.prototype.parameters}
    arguments = ", ".join(
        _argument(mine, by_name[name], positions[name])
        for mine, name in zip(_declared(kernel.prototype).parameters, kernel.argument_names, strict=True)
    )
    call = ["    guest_ready(guest_kernel);", *_call(kernel.prototype.result, f"guest_trampoline({arguments})")]
    return _source(kernel, [], call, callee=kernel.prototype)


USER_FUNCTION = "harness_adapter"
"""What a user's adapter defines, with the contract's parameters; csrc/guest/runner/harness_adapter.h is for it."""
_SPELLINGS = {
    "bfloat16_t": "__bf16",
    "__bf16": "__bf16",
    "float16_t": "__fp16",
    "__fp16": "__fp16",
    "_Float16": "_Float16",
}
"""Names of floats of two bytes, and what compilers call them without a header."""
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def user_declaration(contract: Contract, adapter: str) -> str:
    """Declare the function that a user's adapter defines, as it is called; `adapter` is the source.

    Buffers of floats of two bytes are pointers to the type that the source names for that format, and to uint16_t if
    it names none: not every compiler has such a type.
    """
    words = set(re.findall(r"\w+", _COMMENT.sub(" ", adapter)))
    parameters = tuple(
        replace(parameter, type=_two_bytes_as_written(parameter.type, words)) if parameter.is_pointer else parameter
        for parameter in contract.prototype.parameters
    )
    return replace(contract.prototype, parameters=parameters).declare(USER_FUNCTION)


def _two_bytes_as_written(declared: ScalarType, words: Collection[str]) -> ScalarType:
    if declared.family != "float" or declared.size_bytes != 2:
        return declared
    of_format = (name for name in _SPELLINGS if SCALAR_TYPES[name].is_brain == declared.is_brain)
    written = next((name for name in of_format if name in words), "")
    return SCALAR_TYPES[_SPELLINGS[written] if written else "uint16_t"]


def _handed_over(contract: Contract) -> tuple[list[str], list[str]]:
    """Return the declaration of the user's function, and the call of it."""
    prototype = _declared(contract.prototype)
    arguments = ", ".join(_argument(p, p, position) for position, p in enumerate(prototype.parameters))
    return [f"{prototype.declare(USER_FUNCTION)};"], _call(prototype.result, f"{USER_FUNCTION}({arguments})")


def _source(kernel: Kernel, declarations: list[str], body: list[str], callee: Prototype) -> str:
    prototype = kernel.prototype
    headers = sorted({vector.bank.value for vector in prototype.vectors}) if not kernel.adapter else []
    own = [_declared(prototype).declare(name) for name in (kernel.symbol, "guest_trampoline")]
    if kernel.adapter:  # which alone knows the types
        own = [f"void {kernel.symbol}(void)"]
    lines = [
        f"/* Generated from: {prototype} */",
        '#include "adapter.h"',
        *(['#include "chunks.h"'] if headers else []),
        *(f"#include <{header}>" for header in (*_HEADERS, *headers)),
        *([] if Bank.NEON.value in headers else _typedefs(callee)),
        "",
        *(f"{declaration};" for declaration in own),
        *declarations,
        f"void (*const guest_kernel)(void) = (void (*)(void)){kernel.symbol};",
        f"const struct guest_signature guest_signature = {_signature(kernel)};",
        "",
        "void guest_adapter(const uint64_t *value, uint64_t *result) {",
        "    (void)value;",
        *body,
        "}",
        "",
    ]
    return "\n".join(lines)


def _declared(prototype: Prototype) -> Prototype:
    """Return the prototype to call by: gcc refuses riscv_vector_cc without V, which the guest is compiled without.

    It passes scalars as the base convention does. What more it preserves, the trampoline does too. Pointers to floats
    of two bytes are pointers to integers here: not every compiler that calls the kernel has their type.
    """
    parameters = tuple(
        replace(p, type=SCALAR_TYPES["uint16_t"])
        if p.is_pointer and p.type.family == "float" and p.type.size_bytes == 2
        else p
        for p in prototype.parameters
    )
    prototype = replace(prototype, parameters=parameters)
    is_refused = prototype.calling_convention == "riscv_vector_cc" and not prototype.vectors
    return replace(prototype, calling_convention="") if is_refused else prototype


def _call(result: ScalarType | None, call: str) -> list[str]:
    if result is None:
        return ["    result[0] = 0;", "    result[1] = 0;", f"    {call};"]
    return [
        f"    {result.c_name} returned = {call};",
        "    result[0] = 0;",
        "    result[1] = 0;",
        "    __builtin_memcpy(result, &returned, sizeof returned);",
    ]


def _argument(mine: Parameter, theirs: Parameter, position: int) -> str:
    value = f"value[{position}]"
    if mine.is_pointer:
        return f"({mine.c_type})(uintptr_t){value}"
    if theirs.type.family != "float":
        return f"({mine.type.c_name}){value}"
    if theirs.type.size_bytes == 2:
        return f"((union {{ uint16_t bits; {mine.type.c_name} number; }}){{.bits = (uint16_t){value}}}).number"
    return f"({mine.type.c_name})guest_f{8 * theirs.type.size_bytes}({value})"


_ARM_TYPEDEFS = {
    "float16_t": "_Float16",
    "bfloat16_t": "__bf16",
    "float32_t": "float",
    "float64_t": "double",
}


def _typedefs(prototype: Prototype) -> list[str]:
    used = {parameter.type.c_name for parameter in _declared(prototype).parameters}
    used |= {prototype.result.c_name} if prototype.result else set()
    return [f"typedef {plain} {name};" for name, plain in _ARM_TYPEDEFS.items() if name in used]


_CONVENTION_FLAGS = {
    "ms_abi": ["SIGNATURE_MS_ABI"],
    "aarch64_vector_pcs": ["SIGNATURE_VECTOR_PCS"],
    "riscv_vector_cc": ["SIGNATURE_VECTOR_CC"],
}
_MODE_FLAGS = {
    "__arm_streaming": ["SIGNATURE_STREAMING_INTERFACE"],
    "__arm_streaming_compatible": ["SIGNATURE_STREAMING_COMPATIBLE"],
}
_IS_INPUT = ("__arm_in", "__arm_inout")
_IS_KEPT = ("__arm_in", "__arm_preserves")


def _flags(kernel: Kernel) -> list[str]:
    prototype = kernel.prototype
    banks = {vector.bank for vector in prototype.vectors}
    flags = ["SIGNATURE_STREAMING"] if has_sme(kernel.isa) else []
    flags += ["SIGNATURE_SVE_PCS"] if Bank.SVE in banks else []
    flags += ["SIGNATURE_WIDE_VECTORS"] if any(vector.is_wide for vector in prototype.vectors) else []
    flags += ["SIGNATURE_DEPENDENT_LANES"] if "lanes" in kernel.conventions.waived else []
    flags += _CONVENTION_FLAGS.get(prototype.calling_convention, [])
    flags += _MODE_FLAGS.get(prototype.sme.mode, [])
    flags += ["SIGNATURE_SHARED_ZA"] if prototype.sme.shared else []
    for state, how in prototype.sme.shared:
        flags += [f"SIGNATURE_{state.upper()}_INPUT"] if how in _IS_INPUT else []
        flags += [f"SIGNATURE_{state.upper()}_KEPT"] if how in _IS_KEPT else []
    return flags


def _signature(kernel: Kernel) -> str:
    """Describe the parameters in order; the trampoline knows in which registers or stack slots they are.

    The base procedure call standards here agree: integers and pointers take one sequence of registers, floating-point
    scalars another one, and the rest is on the stack (AAPCS64 6.8.2; psABI 3.2.3).
    """
    prototype = kernel.prototype
    arguments = [_argument_entry(parameter) for parameter in prototype.parameters]
    if kernel.adapter:
        arguments = _any_arguments(prototype)
    flags = _flags(kernel)
    fields = [
        f".argument_count = {len(arguments)}",
        f".result_bytes = {prototype.result.size_bytes if prototype.result else 0}",
    ]
    fields += [f".flags = {' | '.join(flags)}"] if flags else []
    fields += [f".arguments = {{{', '.join(arguments)}}}"] if arguments else []
    return f"{{{', '.join(fields)}}}"


_ANY_INTEGERS, _ANY_VECTORS, _ANY_PREDICATES, _ANY_GROUPS = 8, 8, 4, 2
_SSE_BYTES, _WIDEST_BYTES, _SCALABLE_BYTES = 16, 64, "UINT16_MAX"
_GROUP_REGISTERS = 8


def _any_arguments(prototype: Prototype) -> list[str]:
    """Describe the arguments of a function whose parameters are its adapter's business: all registers that carry some.

    Of a machine that has fewer, the rest are taken for whole stack slots, which the trampoline leaves as they are.
    """
    banks = {vector.bank for vector in prototype.vectors}
    vector_bytes: int | str = _WIDEST_BYTES if any(vector.is_wide for vector in prototype.vectors) else _SSE_BYTES
    if Bank.SVE in banks:
        vector_bytes = _SCALABLE_BYTES
    entries = ["{SEQUENCE_INTEGER, 8}"] * _ANY_INTEGERS + [f"{{SEQUENCE_VECTOR, {vector_bytes}}}"] * _ANY_VECTORS
    if banks & {Bank.SVE, Bank.RVV}:
        entries += ["{SEQUENCE_PREDICATE, 0}"] * _ANY_PREDICATES
    if Bank.RVV in banks:
        entries += [f"{{SEQUENCE_GROUP, {_GROUP_REGISTERS}}}"] * _ANY_GROUPS
    return entries


def _argument_entry(parameter: Parameter) -> str:
    vector = parameter.vector
    if vector and vector.bank is Bank.RVV:
        return f"{{SEQUENCE_GROUP, {vector.registers}}}"
    if vector and vector.is_predicate:
        return f"{{SEQUENCE_INTEGER, {vector.total_bytes}}}" if vector.total_bytes else "{SEQUENCE_PREDICATE, 0}"
    if vector:
        return f"{{SEQUENCE_VECTOR, {vector.total_bytes or _SCALABLE_BYTES}}}"
    if parameter.is_pointer:
        return "{SEQUENCE_INTEGER, 8}"
    sequence = "SEQUENCE_VECTOR" if _is_float(parameter) else "SEQUENCE_INTEGER"
    return f"{{{sequence}, {parameter.type.size_bytes}}}"


def _is_float(parameter: Parameter) -> bool:
    return not parameter.is_pointer and parameter.type.family == "float"
