"""A kernel's code as a disassembler prints it: instructions, symbols, and where branches and calls go."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

_FILE = re.compile(r"^\S.*:\s+file format \S+$")
_SYMBOL = re.compile(r"^([0-9a-f]+) <([^>]+)>:$")
_SIZED_FUNCTION = re.compile(r"^([0-9a-f]+) .{5} F (\S+)\s+([0-9a-f]+)\s")
"""A line of a symbol table: value, flags, section, size."""
_PREFIXES = r"(?:(?:lock|rep\w*|notrack|bnd|data16|addr32|[c-gs]s|rex[.\w]*|\{evex\})\s+)*"
_INSTRUCTION = re.compile(rf"^\s*([0-9a-f]+):\s+(?:[0-9a-f]{{8}}\s+)?{_PREFIXES}((?:\{{vex\}} )?[a-z][\w.]*)\s*(.*)")
_RELOCATION = re.compile(
    r"^\s*[0-9a-f]+:\s+R_([A-Z0-9_]+)\s+(?P<symbol>[^\s+-][\w.$]*)(?:(?P<sign>[+-])0x(?P<digits>[0-9a-f]+))?\s*$"
)
_RELOCATION_PARTS = ("symbol", "sign", "digits")
_SOURCE_LINE = re.compile(r"^(?:inlined by )?(/.*):(\d+)(?: \(.*\))?$")
_SURROUNDINGS = re.compile(
    r"/lib\w*/(?:gcc|clang|llvm)|/usr/include/|/include/c\+\+/|/rust(?:c|lib)/|/csrc/(?:shims|guest)/"
)
"""Files whose functions are inlined into a kernel's and are none of its own: the compiler's, the shims, the guest's."""
_COMMENT = re.compile(r"//|;|\s#\s")
_TARGET = re.compile(r"\b(?:0x)?([0-9a-f]+) <")
_TRANSFERS = re.compile(
    r"AARCH64_(CALL|JUMP)26|X86_64_(PLT32|PC32|GOTPCRELX)|RISCV_(CALL|CALL_PLT|JAL|BRANCH|RVC_BRANCH|RVC_JUMP)"
)
"""Relocations of direct calls and jumps, where they are in such an instruction."""
_X86_ADDEND = -4
"""Of a relocation that ends its instruction, since displacements count from the next one (psABI of x86-64, 4.4.1)."""

Address = tuple[str, int]
"""A section's number and file, and an offset in it."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One line of a disassembly."""

    mnemonic: str
    """With "{vex} " in front where that tells it from an AVX-512 instruction of the same name."""
    operands: str
    called: str | None
    """The symbol, or the section, of a call or jump that the linker resolves."""
    addend: int = 0
    """What is added to the address of `called`, in bytes."""

    def __str__(self) -> str:
        return f"{self.mnemonic} {self.operands}".strip()


@dataclass(frozen=True, slots=True)
class Code:
    """The text of all objects of a kernel: instructions, and symbols by address and by name."""

    instructions: Mapping[Address, Instruction]
    following: Mapping[Address, Address]
    """The next instruction in the same section."""
    symbols: Mapping[str, Address]
    own_symbols: Mapping[tuple[int, str], Address]
    """Symbols and sections by the number of their file: names of local ones are unique there only."""
    files: Mapping[str, int]
    """The number of the file that a section belongs to."""
    extents: Mapping[str, Sequence[tuple[int, int]]]
    """By section, where each function begins and ends of which the symbol table says how long it is; sorted."""

    def end_of(self, address: Address) -> int | None:
        """Return the offset behind the function that an address belongs to; None where its length is not known."""
        extents = self.extents.get(address[0], ())
        index = bisect_right(extents, (address[1], sys.maxsize)) - 1
        return extents[index][1] if index >= 0 and address[1] < extents[index][1] else None

    def target(self, address: Address) -> Address | None:
        """Return where the branch or call at an address goes; None for what no object here has, and for registers."""
        instruction = self.instructions[address]
        if instruction.called is not None:
            own = (self.files[address[0]], instruction.called)
            found = self.own_symbols.get(own) or self.symbols.get(instruction.called)
            return (found[0], found[1] + instruction.addend) if found else None
        match = _TARGET.search(instruction.operands)
        return (address[0], int(match[1], 16)) if match else None


def parse(disassembly: str) -> Code:
    """Read what `objdump -drt` prints for one or more objects."""
    instructions: dict[Address, Instruction] = {}
    following: dict[Address, Address] = {}
    symbols: dict[str, Address] = {}
    own_symbols: dict[tuple[int, str], Address] = {}
    files: dict[str, int] = {}
    sized = _sized_functions(disassembly)
    last = None
    for file, section, line in _lines(disassembly):
        if section not in files:
            files[section], last = file, None
            own_symbols.setdefault((file, section.partition(" ")[2]), (section, 0))
        if match := _SYMBOL.match(line):
            symbols[match[2]] = own_symbols[file, match[2]] = (section, int(match[1], 16))
        elif match := _RELOCATION.match(line):
            if last and _TRANSFERS.fullmatch(match[1]):
                instructions[last] = _resolved(instructions[last], *match.group(1, *_RELOCATION_PARTS))
        elif match := _INSTRUCTION.match(line):
            address = (section, int(match[1], 16))
            if last:
                following[last] = address
            last = address
            instructions[address] = Instruction(match[2], _COMMENT.split(match[3])[0].strip(), None)
    extents = {section: sorted(sized.get((file, section.partition(" ")[2]), ())) for section, file in files.items()}
    return Code(instructions, following, symbols, own_symbols, files, extents)


def _sized_functions(disassembly: str) -> dict[tuple[int, str], list[tuple[int, int]]]:
    """Read where functions begin and end, by the number of the file and the name of the section."""
    found: dict[tuple[int, str], list[tuple[int, int]]] = {}
    file = 0
    for line in disassembly.splitlines():
        if _FILE.match(line):
            file += 1
        elif (match := _SIZED_FUNCTION.match(line)) and int(match[3], 16):
            begin = int(match[1], 16)
            found.setdefault((file, match[2]), []).append((begin, begin + int(match[3], 16)))
    return found


def is_of_kernel(path: str) -> bool:
    """Whether a source file is a kernel's own, as far as its path tells."""
    return not _SURROUNDINGS.search(path)


def source_lines(disassembly: str) -> dict[Address, str]:
    """Read the source lines of what `objdump -dl --inlines` prints for the same objects, such as "dot.c:41".

    Of what was inlined from a header of the compiler's or a shim, the line that it was inlined into.
    """
    found: dict[Address, str] = {}
    current, is_told = "", False
    for _, section, line in _lines(disassembly):
        if match := _INSTRUCTION.match(line):
            found[section, int(match[1], 16)] = current
            is_told = False
        elif _SYMBOL.match(line):
            current, is_told = "", False
        elif (match := _SOURCE_LINE.match(line)) and not is_told and is_of_kernel(match[1]):
            current, is_told = f"{PurePosixPath(match[1]).name}:{match[2]}", True
    return found


def source_frames(disassembly: str) -> dict[Address, tuple[tuple[str, int], ...]]:
    """Read the source lines of what `objdump -dl --inlines` prints for the same objects, as paths and numbers.

    Of inlined code its own line comes first, then those that it was inlined into.
    """
    found: dict[Address, tuple[tuple[str, int], ...]] = {}
    current: tuple[tuple[str, int], ...] = ()
    pending: list[tuple[str, int]] = []
    for _, section, line in _lines(disassembly):
        if match := _INSTRUCTION.match(line):
            current = tuple(pending) or current
            pending = []
            found[section, int(match[1], 16)] = current
        elif _SYMBOL.match(line):
            current, pending = (), []
        elif match := _SOURCE_LINE.match(line):
            pending.append((match[1], int(match[2])))
    return found


def _lines(disassembly: str) -> Iterator[tuple[int, str, str]]:
    """Yield the lines inside sections, with the number of the file and a name for the section that no other has."""
    file, number, section = 0, 0, ""
    for line in disassembly.splitlines():
        if _FILE.match(line):
            file, section = file + 1, ""
        elif line.startswith("Disassembly of section"):
            number += 1
            section = f"{number:05} {line.split()[-1].rstrip(':')}"
        elif section:
            yield file, section, line


def _resolved(instruction: Instruction, kind: str, symbol: str, sign: str | None, digits: str | None) -> Instruction:
    addend = int(f"{sign or ''}{digits or 0}", 16)
    if kind.startswith("X86_64"):
        addend -= _X86_ADDEND
    return replace(instruction, called=symbol, addend=addend)
