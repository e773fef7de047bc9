"""Where SVE instructions run outside streaming mode: told from a kernel's disassembly, since no emulator shows it.

A processor may have SME without SVE (Apple M4): there SVE instructions exist in streaming mode only. QEMU has no such
CPU. What is followed here is the mode from the kernel's entry on, over branches and calls within its own objects; a
place that is reached in both modes is taken as right, since which way it went may hang on the mode itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_SYMBOL = re.compile(r"^([0-9a-f]+) <([^>]+)>:$")
_INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(?:[0-9a-f]{8}\s+)?([a-z][\w.]*)\s*(.*)")
_RELOCATION = re.compile(r"^\s*[0-9a-f]+:\s+R_AARCH64_(?:CALL|JUMP)26\s+([\w.$]+)(?:\+0x([0-9a-f]+))?")
_TARGET = re.compile(r"\b([0-9a-f]+) <")
_SCALABLE_REGISTER = re.compile(r"\b[zp]\d+\b|\bpn\d+\b")
_CONDITIONAL = re.compile(r"b\.\w+|cbn?z|tbn?z")

Place = tuple[str, int]
"""A section's number and file, and an offset in it."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One line of a disassembly."""

    mnemonic: str
    operands: str
    called: str | None
    """The symbol of a call or jump that the linker resolves."""

    def __str__(self) -> str:
        return f"{self.mnemonic} {self.operands}".strip()

    @property
    def is_sve(self) -> bool:
        """Whether it works on scalable registers, which exist in streaming mode only where there is no SVE.

        Reading the length does not count: compilers do it in front of SMSTART, to describe the frame to debuggers.
        """
        return bool(_SCALABLE_REGISTER.search(self.operands))


@dataclass(frozen=True, slots=True)
class Code:
    """The text of all objects of a kernel: instructions and symbols by place."""

    instructions: Mapping[Place, Instruction]
    symbols: Mapping[str, Place]


def parse(disassembly: str) -> Code:
    """Read what `objdump -dr` prints for one or more objects."""
    instructions: dict[Place, Instruction] = {}
    symbols: dict[str, Place] = {}
    section, last = "", None
    for number, line in enumerate(disassembly.splitlines()):
        if line.startswith("Disassembly of section"):
            section = f"{number} {line.split()[-1].rstrip(':')}"
        elif match := _SYMBOL.match(line):
            symbols[match[2]] = (section, int(match[1], 16))
        elif (match := _RELOCATION.match(line)) and last in instructions:
            before = instructions[last]
            instructions[last] = Instruction(before.mnemonic, before.operands, match[1])
        elif match := _INSTRUCTION.match(line):
            last = (section, int(match[1], 16))
            instructions[last] = Instruction(match[2], re.split(r"//|;", match[3])[0].strip(), None)
    return Code(instructions, symbols)


def outside_streaming_mode(code: Code, entry: str, *, enters_streaming: bool = False) -> list[Instruction]:
    """Return the instructions that need SVE and are only ever reached outside streaming mode, in order of place.

    `entry` is the kernel's symbol; `enters_streaming` says that its callers are in streaming mode already.
    """
    reached: set[tuple[Place, bool]] = set()
    todo = [(code.symbols[entry], enters_streaming)] if entry in code.symbols else []
    while todo:
        at = todo.pop()
        if at not in reached and at[0] in code.instructions:
            reached.add(at)
            todo += _next(code, *at)
    return [
        code.instructions[place]
        for place, streaming in sorted(reached)
        if not streaming and (place, True) not in reached and code.instructions[place].is_sve
    ]


def _next(code: Code, place: Place, streaming: bool) -> Iterator[tuple[Place, bool]]:
    """Where control goes, and in which mode. Calls come back in the mode that they were made in (AAPCS64 6.7)."""
    instruction = code.instructions[place]
    following = (place[0], place[1] + 4)
    match instruction.mnemonic:
        case "ret" | "br" | "udf" | "brk":
            return
        case "smstart" | "smstop" if "za" not in instruction.operands:
            yield following, instruction.mnemonic == "smstart"
        case "b" | "bl":
            target = _target(code, place, instruction)
            if target:
                yield target, streaming
            if instruction.mnemonic == "bl":
                yield following, streaming
        case mnemonic if _CONDITIONAL.fullmatch(mnemonic):
            target = _target(code, place, instruction)
            if target:
                yield target, streaming
            yield following, streaming
        case "msr" if "svcr" in instruction.operands:
            yield following, True  # from a register: what is unknown is taken as right
            yield following, False
        case _:
            yield following, streaming


def _target(code: Code, place: Place, instruction: Instruction) -> Place | None:
    if instruction.called is not None:
        return code.symbols.get(instruction.called)
    match = _TARGET.search(instruction.operands)
    return (place[0], int(match[1], 16)) if match else None
