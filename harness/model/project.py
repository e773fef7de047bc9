"""What exists: kernels, targets, and the project that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from harness.model.contract import Contract, Conventions
from harness.model.prototype import Prototype
from harness.model.verdict import Outcome

SCALAR_ISA = "scalar"
"""The ISA of plain C, to whose results those of the other kernels of an op are compared."""


def has_sme(isa: str) -> bool:
    """Whether kernels of an ISA, by the start of its name, use streaming mode and its vectors."""
    return isa.startswith("sme")


def is_selected(kernel_id: str, pattern: str) -> bool:
    """True if a word of the command line selects a kernel: its id, a glob that it matches, or its op."""
    return fnmatchcase(kernel_id, pattern) or kernel_id.partition("/")[0] == pattern


CPP_SUFFIXES = (".cc", ".cpp", ".cxx")
ASSEMBLY_SUFFIXES = (".s", ".S")
PREBUILT_SUFFIXES = (".o", ".a")
SOURCE_SUFFIXES = (".c", *CPP_SUFFIXES, *ASSEMBLY_SUFFIXES, *PREBUILT_SUFFIXES)
"""What a kernel may be made of: C, C++, assembly with or without preprocessor, objects and static libraries."""


@dataclass(frozen=True, slots=True)
class Compilation:
    """What a kernel's compilers and linker are told besides its ISA's flags."""

    includes: tuple[Path, ...] = ()
    """Directories searched for headers."""
    defines: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    """Of the system, by name: "m" for libm.a."""

    @property
    def machine_flags(self) -> tuple[str, ...]:
        """The flags that tell a compiler about the processor."""
        return tuple(flag for flag in self.flags if flag.startswith("-m"))


@dataclass(frozen=True, slots=True)
class Expectation:
    """A failure that the manifest knows of."""

    outcome: Outcome
    reason: str
    targets: tuple[str, ...] = ()
    """Where; empty for everywhere."""
    vector_bits: tuple[int, ...] = ()
    """At which widths; empty for all."""

    def covers(self, target: str, vector_bits: int | None) -> bool:
        """Whether it speaks of a target at a width."""
        at_width = not self.vector_bits or vector_bits in self.vector_bits
        return at_width and (not self.targets or target in self.targets)


@dataclass(frozen=True, slots=True)
class Kernel:
    """An implementation of an op for an ISA: sources and one C symbol."""

    op: str
    name: str
    isa: str
    sources: tuple[Path, ...]
    symbol: str
    prototype: Prototype
    """The kernel's own; its parameters are in one-to-one correspondence with `argument_names`."""
    argument_names: tuple[str, ...]
    """For each of the kernel's parameters, the name that the contract gives it; empty for what says which lanes of its
    vectors are active. None where a user's adapter makes the call."""
    conventions: Conventions
    """The contract's and its own."""
    compilation: Compilation = Compilation()
    targets: tuple[str, ...] = ()
    """Where it is run by default; empty for its ISA's target and the core models that the ISA promises to run on."""

    expected: Expectation | None = None
    words: tuple[str, ...] = ()
    """What names it on the command line where no manifest does; else its id does."""
    result_name: str = ""
    """The buffer that a returned vector is for."""
    adapter: Path | None = None
    """C code of the user's that calls it, where its prototype is not enough to go by."""
    features: tuple[str, ...] = ()
    """Of the processor, promised by its callers besides what its ISA and its flags promise."""
    declared_at: str = ""
    """The file and line that give its prototype; empty where it is the contract's."""

    @property
    def files(self) -> tuple[Path, ...]:
        """All that is compiled or linked for it."""
        return (*self.sources, *([self.adapter] if self.adapter else []))

    @property
    def takes_vectors(self) -> bool:
        """Whether the harness calls it once per vector of a row."""
        return bool(self.prototype.vectors) and self.adapter is None

    @property
    def has_cpp(self) -> bool:
        """Whether a part of it is C++."""
        return any(source.suffix in CPP_SUFFIXES for source in self.sources)

    @property
    def is_prebuilt(self) -> bool:
        """Whether no compiler has a part in it."""
        return all(source.suffix in PREBUILT_SUFFIXES for source in self.sources)

    @property
    def id(self) -> str:
        """`op/name`, which is `op/isa` unless the manifest gives a name."""
        return f"{self.op}/{self.name}"


@dataclass(frozen=True, slots=True)
class Emulation:
    """One way to run a target's binaries; `cpu` may contain {vector_bits}."""

    how: str
    cpu: str | None = None
    lacks: tuple[str, ...] = ()
    """Features that its processor must not have, by the guest's word."""


@dataclass(frozen=True, slots=True)
class Target:
    """An ISA or a core model: what it can run, how to compile for it, which widths it has, how to run it."""

    name: str
    description: str
    isas: tuple[str, ...]
    """ISAs whose kernels it runs. An ISA target runs its own; a core model runs several."""
    triple: str
    """GNU triple of its binaries, such as aarch64-linux-gnu; "host" for the machine's own."""
    flags: tuple[str, ...]
    """Compile flags for kernels of this ISA (none for a core model)."""
    features: tuple[str, ...]
    """What these flags let a compiler use; all of it must be there, by the guest's word. Of a core model, what the
    processor has, whatever an emulator makes of it."""
    lacks: tuple[str, ...]
    """What must not be there, so that a kernel that uses it shows."""
    header: str | None
    """The header that declares the ISA's intrinsics, where not every compiler has it."""
    header_since: str
    """The compilers that have it, for the remedy."""
    width_fact: str | None
    """The guest's fact that attests the width, such as "sve_bits"; None for code without vectors."""
    vector_bits: tuple[int, ...]
    """Widths that `all` stands for; one element for fixed-width ISAs; of its scalable unit for a core model."""
    vector_bits_on_request: tuple[int, ...]
    emulations: tuple[Emulation, ...]
    gate: Emulation | None
    """The same machine without this ISA's features: there the binary must fault."""
    is_core: bool
    is_streaming: bool
    """Whether its vectors exist in streaming mode only."""
    hostility: Mapping[str, str]
    """What an emulator can be made to do with what the ISA leaves open: CPU property to the guest's fact that shows it.
    """

    @property
    def is_scalable(self) -> bool:
        """Whether --svl selects among its widths."""
        return len(self.vector_bits) + len(self.vector_bits_on_request) > 1


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that a run can choose from."""

    root: Path
    manifest: Path | None
    kernels: tuple[Kernel, ...]
    contracts: Mapping[str, Contract]
    targets: Mapping[str, Target]

    def isa_target(self, isa: str) -> Target:
        """Return the target that says how kernels of this ISA are compiled."""
        return self.targets[isa]
