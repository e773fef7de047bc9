"""What ELF objects and static libraries hold: the functions they define, their machine and code."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from harness.discovery.elf import objects_in
from harness.discovery.isas import ARM, RISCV, X86, Evidence

_MACHINES = {62: X86, 183: ARM, 243: RISCV}  # gABI: e_machine


@dataclass(frozen=True, slots=True)
class CompiledFunction:
    """A global function of an object."""

    symbol: str
    machine: str
    code: bytes


def compiled_functions(data: bytes) -> list[CompiledFunction]:
    """List the global functions of an object or a static library, in order; none if it is neither."""
    return [
        CompiledFunction(symbol.name, _MACHINES[one.machine], symbol.code)
        for one in objects_in(data)
        if one.machine in _MACHINES
        for symbol in one.symbols
        if symbol.is_function and symbol.is_global and symbol.is_defined
    ]


def isa_of_function(function: CompiledFunction) -> Evidence | None:
    """Tell the ISA of fixed-width code by its encodings; None where that takes a disassembler, as for x86-64."""
    if function.machine == ARM:
        return _of_aarch64(function.code)
    if function.machine == RISCV:
        return _of_riscv(function.code)
    return None


def _of_aarch64(code: bytes) -> Evidence | None:
    """Arm ARM, C4.1: bits 28..25 are 0000 with bit 31 for SME, 0010 for SVE and x111 for Advanced SIMD and FP."""
    words = struct.unpack(f"<{len(code) // 4}I", code[: len(code) // 4 * 4])
    groups = {("sme" if word >> 31 else "") if word >> 25 & 15 == 0 else word >> 25 & 15 for word in words}
    if "sme" in groups:
        return Evidence("sme", "it has SME instructions")
    if 0b0010 in groups:
        return Evidence("sve", "it has SVE instructions")
    return Evidence("neon", "it is AArch64 code without SVE")


def _of_riscv(code: bytes) -> Evidence | None:
    """Major opcode 1010111 is OP-V; of 16 bits are the instructions whose low bits are not 11 (unprivileged, 1.5)."""
    at = 0
    while at + 4 <= len(code):
        (parcel,) = struct.unpack_from("<H", code, at)
        if parcel & 0x7F == 0b1010111:
            return Evidence("rvv", "it has vector instructions")
        at += 4 if parcel & 3 == 3 else 2
    return None
