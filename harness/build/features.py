"""Which instructions of a kernel need a feature that neither its ISA nor its flags promise, told from its disassembly.

A machine that has more than was promised runs them, and so does QEMU: there every other verdict passes. Which
instruction needs what is data, one file per architecture in harness/features; of others there is no complaint.

Only what the kernel's symbol reaches counts, over branches and calls within the kernel's own objects: constants between
functions look like code, and a static library may hold paths for other processors. What goes through a register is not
followed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from harness.build.code import Code, Instruction, Place
from harness.resources import features_directory

_CALL = re.compile(r"callq?|bl|jal|jalr|auipc")
_BRANCH = re.compile(r"j\w+|loop\w*|xbegin|b|b\.\w+|cbn?z|tbn?z|b(eq|ne|lt|ge|gt|le)[uz]?")
_NO_RETURN = re.compile(r"jmpq?|ret(q|aa|ab)?|ud2|hlt|b|br|udf|brk|j|jr|ebreak|unimp")
_SETS_ELEMENT_BITS = re.compile(r"vseti?vli")
_ELEMENT_BITS = re.compile(r"\be(8|16|32|64)\b")
_DATA_IS_MARKED = frozenset({"aarch64", "riscv64"})
"""Machines whose assemblers mark data among code, so that disassemblers do not take it for instructions: by mapping
symbols (ELF for the Arm 64-bit Architecture, 5.5.4; RISC-V ELF psABI)."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of processors, and how an instruction that needs it is known."""

    name: str
    flag: str
    """What makes compilers promise it."""
    macros: frozenset[str]
    """Predefined by compilers that were told of it; each of them is enough."""
    instruction: re.Pattern[str]
    operands: re.Pattern[str]
    element_bits: int | None
    """The width that RVV's vtype must have."""

    def fits(self, instruction: Instruction, element_bits: int | None) -> bool:
        """Whether an instruction needs it, at an element width in bits or at one that is not known."""
        return (
            self.element_bits in (None, element_bits)
            and bool(self.instruction.fullmatch(instruction.mnemonic))
            and bool(self.operands.search(instruction.operands))
        )


@dataclass(frozen=True, slots=True)
class Need:
    """A feature that was not promised, and the first instruction that needs it."""

    feature: Feature
    place: Place
    instruction: Instruction
    count: int
    """Of instructions that need it, this one included."""


@cache
def features_of(machine: str) -> tuple[Feature, ...]:
    """Read the features of an architecture; none of one that has no file."""
    path = features_directory() / f"{machine}.toml"
    if not path.is_file():
        return ()
    return tuple(_feature(**values) for values in tomllib.loads(path.read_text(encoding="utf-8"))["feature"])


def _feature(name: str, flag: str, macros: list[str], **patterns: Any) -> Feature:
    element_bits = patterns.pop("element_bits", None)
    instruction = re.compile("|".join(patterns.pop("instructions", [".*"])))
    operands = re.compile(patterns.pop("operands", ""))
    if patterns:
        raise ValueError(f"{name}: unknown keys {sorted(patterns)}")
    return Feature(name, flag, frozenset(macros), instruction, operands, element_bits)


def needs_beyond(code: Code, entry: str, machine: str, promised: Callable[[], Collection[str] | None]) -> list[Need]:
    """Return the features that a kernel needs and nobody promised, in order of their first instruction.

    Args:
        code: the kernel's objects.
        entry: its symbol.
        machine: the architecture.
        promised: gives the macros that its compiler defines, or None if that cannot be told; asked where it matters.
    """
    features = features_of(machine)
    found = [
        (place, feature)
        for place, element_bits in sorted(_reached(code, entry, machine), key=lambda at: at[0])
        for feature in features
        if feature.fits(code.instructions[place], element_bits)
    ]
    macros = promised() if found else None
    if macros is None:
        return []
    needed: dict[Place, Feature] = {}
    for place, feature in found:
        if not feature.macros & set(macros):
            needed.setdefault(place, feature)
    return list(_counted(code, needed))


def _counted(code: Code, needed: dict[Place, Feature]) -> Iterator[Need]:
    by_name: dict[str, list[Place]] = {}
    for place, feature in needed.items():
        by_name.setdefault(feature.name, []).append(place)
    for places in by_name.values():
        first = places[0]
        yield Need(needed[first], first, code.instructions[first], len(places))


def reached(code: Code, entry: str, machine: str) -> set[Place]:
    """Return the places of compiled code that control reaches from a symbol; none if no object here has it.

    No compiler lets control run from one function into the next: what stands in front of it is a call that does not
    return, or padding.
    """
    heads = _heads(code)
    found: set[Place] = set()
    todo = [code.symbols[entry]] if entry in code.symbols else []
    while todo:
        at = todo.pop()
        if at in found or at not in code.instructions:
            continue
        found.add(at)
        behind = code.following.get(at)
        todo += [place for place, _ in _next(code, at, None) if place != behind]
        goes_on = not _NO_RETURN.fullmatch(code.instructions[at].mnemonic) or machine in _DATA_IS_MARKED
        todo += [behind] if behind and goes_on and behind not in heads else []
    return found


def _heads(code: Code) -> set[Place]:
    """Return where functions begin."""
    return {place for name, place in code.symbols.items() if not name.startswith((".L", "$"))}


def _reached(code: Code, entry: str, machine: str) -> set[tuple[Place, int | None]]:
    """Return the places that control reaches from a symbol, each with the element widths that are known there."""
    heads = _heads(code)
    reached: set[tuple[Place, int | None]] = set()
    todo: list[tuple[Place, int | None]] = [(code.symbols[entry], None)] if entry in code.symbols else []
    while todo:
        at = todo.pop()
        if at in reached or at[0] not in code.instructions:
            continue
        reached.add(at)
        todo += _next(code, *at)
        behind = code.following.get(at[0])
        if behind and machine in _DATA_IS_MARKED and behind not in heads:
            # Reached by a branch through a register, or by one that only the linker resolves.
            todo += [(behind, None)] if _NO_RETURN.fullmatch(code.instructions[at[0]].mnemonic) else []
    return reached


def _next(code: Code, place: Place, element_bits: int | None) -> Iterator[tuple[Place, int | None]]:
    instruction = code.instructions[place]
    is_call = bool(_CALL.fullmatch(instruction.mnemonic))
    if is_call or _BRANCH.fullmatch(instruction.mnemonic):
        target = code.target(place)
        if target:
            yield target, None if is_call else element_bits
    following = code.following.get(place)
    if following is None or _NO_RETURN.fullmatch(instruction.mnemonic):
        return
    yield following, _element_bits(instruction, None if is_call else element_bits)


def _element_bits(instruction: Instruction, before: int | None) -> int | None:
    """Return the element width in bits behind an instruction, None where it is not known."""
    if not instruction.mnemonic.startswith("vset"):
        return before
    chosen = _ELEMENT_BITS.search(instruction.operands)
    return int(chosen[1]) if chosen and _SETS_ELEMENT_BITS.fullmatch(instruction.mnemonic) else None


def promising(flags: Sequence[str]) -> tuple[str, ...]:
    """Return those of a kernel's flags that tell a compiler about the processor."""
    return tuple(flag for flag in flags if flag.startswith("-m"))
