"""The call adapter: a small C file, generated from a kernel's prototype, that the guest runner calls.

csrc/guest/adapter.h is the interface that it implements.
"""

from __future__ import annotations

from dataclasses import replace

from harness.model import Contract, Kernel, has_sme
from harness.prototype import Parameter, Prototype, ScalarType

_HEADERS = ("stdbool.h", "stddef.h", "stdint.h", "sys/types.h")


def adapter_source(kernel: Kernel, contract: Contract) -> str:
    """Write the adapter of one kernel.

    value[i] follows the contract's parameters; the kernel may have them in another order or with other integer
    types, which the conversions here bridge.
    """
    positions = {parameter.name: index for index, parameter in enumerate(contract.prototype.parameters)}
    by_name = {parameter.name: parameter for parameter in contract.prototype.parameters}
    arguments = ", ".join(
        _argument(mine, by_name[name], positions[name])
        for mine, name in zip(kernel.prototype.parameters, kernel.argument_names, strict=True)
    )
    prototype = kernel.prototype
    lines = [
        f"/* Generated from: {prototype} */",
        '#include "adapter.h"',
        *(f"#include <{header}>" for header in _HEADERS),
        *_typedefs(prototype),
        "",
        f"{_declared(prototype).declare(kernel.symbol)};",
        f"{_declared(prototype).declare('guest_trampoline')};",
        f"void (*const guest_kernel)(void) = (void (*)(void)){kernel.symbol};",
        f"const struct guest_signature guest_signature = {_signature(prototype, kernel.isa)};",
        "",
        "void guest_adapter(const uint64_t *value, uint64_t *result) {",
        "    (void)value;",
        *_call(prototype.result, f"guest_trampoline({arguments})"),
        "}",
        "",
    ]
    return "\n".join(lines)


def _declared(prototype: Prototype) -> Prototype:
    """Return the prototype to call by: gcc refuses riscv_vector_cc without V, which the guest is compiled without.

    It passes scalars as the base convention does. What more it preserves, the trampoline does too.
    """
    return replace(prototype, calling_convention="") if prototype.calling_convention == "riscv_vector_cc" else prototype


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
        return f"({mine.type.c_name})((union {{ uint16_t bits; __fp16 number; }}){{.bits = {value}}}).number"
    return f"({mine.type.c_name})guest_f{8 * theirs.type.size_bytes}({value})"


_ARM_TYPEDEFS = {
    "float16_t": "__fp16",
    "float32_t": "float",
    "float64_t": "double",
}


def _typedefs(prototype: Prototype) -> list[str]:
    used = {parameter.type.c_name for parameter in prototype.parameters}
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


def _flags(prototype: Prototype, isa: str) -> list[str]:
    flags = ["SIGNATURE_STREAMING"] if has_sme(isa) else []
    flags += _CONVENTION_FLAGS.get(prototype.calling_convention, [])
    flags += _MODE_FLAGS.get(prototype.sme.mode, [])
    flags += ["SIGNATURE_SHARED_ZA"] if prototype.sme.shared else []
    for state, how in prototype.sme.shared:
        flags += [f"SIGNATURE_{state.upper()}_INPUT"] if how in _IS_INPUT else []
        flags += [f"SIGNATURE_{state.upper()}_KEPT"] if how in _IS_KEPT else []
    return flags


def _signature(prototype: Prototype, isa: str) -> str:
    """Describe the parameters in order; the trampoline knows in which registers or stack slots they are.

    The base procedure call standards here agree: integers and pointers take one sequence of registers, floating-point
    scalars another one, and the rest is on the stack (AAPCS64 6.8.2; psABI 3.2.3).
    """
    arguments = [_argument_entry(parameter) for parameter in prototype.parameters]
    flags = _flags(prototype, isa)
    fields = [
        f".argument_count = {len(arguments)}",
        f".result_bytes = {prototype.result.size_bytes if prototype.result else 0}",
    ]
    fields += [f".flags = {' | '.join(flags)}"] if flags else []
    fields += [f".arguments = {{{', '.join(arguments)}}}"] if arguments else []
    return f"{{{', '.join(fields)}}}"


def _argument_entry(parameter: Parameter) -> str:
    if parameter.is_pointer:
        return "{SEQUENCE_INTEGER, 8}"
    sequence = "SEQUENCE_VECTOR" if _is_float(parameter) else "SEQUENCE_INTEGER"
    return f"{{{sequence}, {parameter.type.size_bytes}}}"


def _is_float(parameter: Parameter) -> bool:
    return not parameter.is_pointer and parameter.type.family == "float"
