"""What ELF objects and static libraries hold: the functions they define, their machine and code."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from harness.discovery.isas import ARM, RISCV, X86, Evidence

_MACHINES = {62: X86, 183: ARM, 243: RISCV}  # gABI: e_machine
_ELF64_LITTLE = b"\x7fELF\x02\x01"
_ARCHIVE, _MEMBER_BYTES = b"!<arch>\n", 60
_SHT_SYMTAB, _STT_FUNC, _STB_LOCAL, _SHN_RESERVED = 2, 2, 0, 0xFF00
_SHT_PROGBITS = 1


@dataclass(frozen=True, slots=True)
class CompiledFunction:
    """A global function of an object."""

    symbol: str
    machine: str
    code: bytes


def compiled_functions(data: bytes) -> list[CompiledFunction]:
    """List the global functions of an object or a static library, in order; none if it is neither."""
    try:
        return [function for member in members(data) for function in _of_object(member)]
    except (struct.error, IndexError):
        return []


def members(data: bytes) -> Iterator[bytes]:
    """Yield an object itself, or the members of an archive (ar(5))."""
    if not data.startswith(_ARCHIVE):
        yield data
        return
    at = len(_ARCHIVE)
    while at + _MEMBER_BYTES <= len(data):
        size = data[at + 48 : at + 58].strip()
        if not size.isdigit():
            return
        at += _MEMBER_BYTES
        yield data[at : at + int(size)]
        at += int(size) + int(size) % 2


def _of_object(data: bytes) -> Iterator[CompiledFunction]:
    machine = _MACHINES.get(struct.unpack_from("<H", data, 18)[0]) if data.startswith(_ELF64_LITTLE) else None
    if machine is None:
        return
    (sections_at,) = struct.unpack_from("<Q", data, 40)
    entry_bytes, count = struct.unpack_from("<HH", data, 58)
    # Per section: type, offset, size, link.
    sections = [struct.unpack_from("<4xI16xQQI", data, sections_at + n * entry_bytes) for n in range(count)]
    for kind, offset, size, link in sections:
        if kind != _SHT_SYMTAB:
            continue
        strings = sections[link][1]
        for at in range(offset, offset + size, 24):
            name, info, section, value, extent = struct.unpack_from("<IBxHQQ", data, at)
            if info & 15 != _STT_FUNC or info >> 4 == _STB_LOCAL or not 0 < section < _SHN_RESERVED:
                continue
            start = strings + name
            symbol = data[start : data.index(b"\0", start)].decode("ascii", "replace")
            base = sections[section][1] + value
            yield CompiledFunction(symbol, machine, data[base : base + extent])


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
