"""What works here: compilers, and ways to run a target's binaries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.model.project import Kernel

ALL_EMULATORS = "all"
"""In the place of one: every way that a target lists, held against each other."""
DEFAULT_COMPILERS = ("gcc", "clang")
"""Tried in this order where --cc names none."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """A compiler for one triple: `command` is the start of every command line."""

    spec: str
    family: str
    version: str
    triple: str
    command: tuple[str, ...]
    identity: str
    """Changes whenever the program does, or one of its parts: digest of paths, sizes and modification times."""
    parts: tuple[str, ...] = ()
    """Files that it was seen to work with: the compiler proper, assembler, linker, C library. What is not there yet,
    but would be used if it were, is among them."""


@dataclass(frozen=True, slots=True)
class Executor:
    """A proven way to run one target's binaries here; `command` may contain {vector_bits}."""

    how: str
    version: str
    cpu: str
    command: tuple[str, ...]
    identity: str
    hostility: tuple[str, ...] = ()
    """Properties of the CPU that hostile builds are run with besides; see Target.hostility."""
    lacks: tuple[str, ...] = ()
    """Those of them that it does not have."""
    files: tuple[Path, ...] = ()
    """Files that the command names, which have to be where it runs."""
    wrong_instructions: frozenset[str] = frozenset()
    """Mnemonics, without the suffix for the type, whose results it was seen to have wrong."""
    overreaching: tuple[str, ...] = ()
    """Regular expressions of mnemonics with whose memory operands it was seen to access more than the operand."""
    failure_status: int | None = None
    """The exit status by which it says that it failed itself, and not the guest."""
    instructions_per_second: int | None = None
    """Of the CPU time that it tells, where that is a count of instructions."""

    def made_hostile(self) -> Executor:
        """Return the executor of hostile builds."""
        if not self.hostility or not self.command:
            return self
        cpu = "".join((self.command[-1], *(f",{name}=true" for name in self.hostility)))
        return replace(self, cpu=cpu, command=(*self.command[:-1], cpu))

    def argv(self, vector_bits: int | None) -> tuple[str, ...]:
        """Return the command line in front of the guest binary, for one width."""
        return tuple(part.replace("{vector_bits}", str(vector_bits or 0)) for part in self.command)


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that does not work here: why, and what to do about it."""

    reason: str
    remedy: str
    is_inherent: bool = False
    """Whether the processor that is asked for does not have it, so that no tool could help."""

    def __str__(self) -> str:
        """Reason and remedy in one line."""
        return f"{self.reason}; {self.remedy}" if self.remedy else self.reason


def all_missing(missing: Iterable[Missing]) -> Missing:
    """Return one reason out of several, and the remedies, each once."""
    reasons, remedies = (dict.fromkeys(texts) for texts in zip(*((m.reason, m.remedy) for m in missing), strict=True))
    return Missing("; ".join(reasons), "; ".join(filter(None, remedies)))


@dataclass(frozen=True, slots=True)
class Promise:
    """What callers of a kernel promise of the processor besides its ISA."""

    flags: tuple[str, ...] = ()
    """The kernel's flags that tell a compiler about the processor, in order."""
    features: tuple[str, ...] = ()
    """Features by name."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a point of the selection asks of the machine: run code of an ISA on a target at a width."""

    target: str
    isa: str
    vector_bits: int | None
    is_gate: bool = False
    """To run it with the ISA's features switched off."""
    how: str | None = None
    """By this one way only."""
    promise: Promise = Promise()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What survey found: compilers by (triple, spec), and for each need the first executor that proved itself."""

    native_triple: str
    """Of code that needs no emulator there."""
    compilers: Mapping[tuple[str, str], Compiler | Missing]
    executors: Mapping[Need, Executor | Missing]
    unfit: Mapping[tuple[str, Compiler], Missing] = field(default_factory=dict)
    """By (ISA, compiler): why a compiler that is there cannot compile for an ISA."""
    promised: Mapping[Need, frozenset[str]] = field(default_factory=dict)
    """The names of all features that a need may rely on; none of a need whose flags no compiler here understands."""
    further: Mapping[Need, tuple[Executor, ...]] = field(default_factory=dict)
    """The executors behind the first, where that has instructions wrong; in the target's order."""
    without_cpp: Mapping[Compiler, Missing] = field(default_factory=dict)
    """By compiler, of those that were to compile C++: why it cannot."""

    def fit(self, kernel: Kernel, compiler: Compiler) -> Compiler | Missing:
        """Return a compiler, or why it cannot compile a kernel: the ISA or the language is not known to it."""
        lacks_cpp = self.without_cpp.get(compiler) if kernel.has_cpp else None
        return self.unfit.get((kernel.isa, compiler)) or lacks_cpp or compiler

    def is_unfit(self, missing: Missing) -> bool:
        """True if it stands for a compiler that is there, and lacks something."""
        return missing in (*self.unfit.values(), *self.without_cpp.values())
