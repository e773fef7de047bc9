"""What came out: the binary, and what its guest processes reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path


class TrialStatus(IntEnum):
    """How one call ended."""

    RETURNED = 0
    SIGNAL = 1
    TIMEOUT = 2
    SKIPPED = 3


class DamageKind(IntEnum):
    """Which bytes were changed that must not be."""

    CANARY = 0
    INPUT = 1


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes changed outside what the contract lets the kernel write; the offset is from the buffer's start."""

    buffer: int
    kind: DamageKind
    offset_bytes: int
    changed_bytes: int


@dataclass(frozen=True, slots=True)
class Violation:
    """A register or mode that had to survive the call and did not."""

    name: str
    rule: str
    before: int
    after: int

    @property
    def is_of_uppers(self) -> bool:
        """Whether it is about upper halves of AVX registers that were left in use."""
        return self.name == XINUSE or self.name.startswith("ymm")


XINUSE = "xinuse"
"""The violation that the processor's own tracking of upper halves tells of."""


class FaultKind(IntEnum):
    """What raised a signal."""

    ACCESS = 0
    """A load or a store, or nothing that has an address."""
    JUMP = 1
    """There is no code where the program counter is."""
    RETURN = 2
    """There is no code where a return led."""
    PROTECTION = 3
    """General protection on x86, which has no address."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The signal that ended a call; `buffer` is the index of the one whose guard was hit."""

    signal: int
    address: int
    pc: int
    buffer: int | None
    offset_bytes: int
    is_write: bool | None
    in_streaming_mode: bool = False
    kind: FaultKind = FaultKind.ACCESS
    registers: tuple[int, ...] = ()
    """Of PROTECTION, the general registers as instructions number them, from rax on."""


@dataclass(frozen=True, slots=True)
class Runs:
    """An output of a sparse case, which is too long to be held: runs of equal elements, from the first one on.

    The guest reports no more runs than a right result can have, so that they may not reach the end.
    """

    elements: tuple[int, ...]
    """The bits of each run's element."""
    counts: tuple[int, ...]

    @property
    def covered(self) -> int:
        """Elements that the runs cover."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class TrialObservation:
    """What one call did. `outputs` has the raw bytes of each buffer the kernel writes, None for inputs."""

    status: TrialStatus
    fault: Fault | None
    cpu_nanoseconds: int
    result: bytes
    damages: tuple[Damage, ...]
    violations: tuple[Violation, ...]
    outputs: tuple[bytes | Runs | None, ...]


@dataclass(frozen=True, slots=True)
class CaseObservation:
    """All calls of one case."""

    index: int
    trials: tuple[TrialObservation, ...]
    said: str = ""
    """What the process had printed on its error stream when a call gave up, by abort or a trap."""


@dataclass(frozen=True, slots=True)
class Death:
    """The guest process ended before it was done: in which case, and how."""

    exit_status: int | None
    """As the shell sees it: negative for a signal; None when the host's deadline ended it."""
    stderr: str


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything a job's guest processes reported; cases without an observation have a death or were not run."""

    attestation: Mapping[str, int]
    cases: Mapping[int, CaseObservation]
    deaths: Mapping[int, Death]
    not_run: Mapping[int, str]
    harness_fault: str | None
    command: tuple[str, ...]
    unstarted: Death | None = None
    """How the process ended that reported nothing at all, not even what it runs on."""
    fault_may_pass: bool = False
    """Whether the fault may be gone the next time: nothing was heard in time, or somebody ended the process."""


def has_returned(observation: Observation) -> bool:
    """True if the first call of the first case came back."""
    seen = observation.cases.get(0)
    return seen is not None and seen.trials[0].status is TrialStatus.RETURNED


def is_timeout(observation: Observation) -> bool:
    """True if the first call of the first case ran out of time."""
    seen = observation.cases.get(0)
    return seen is not None and seen.trials[0].status is TrialStatus.TIMEOUT


@dataclass(frozen=True, slots=True)
class Binary:
    """An executable for one (kernel, build, ISA), and the command lines that made it."""

    path: Path
    digest: str
    commands: tuple[tuple[str, ...], ...]
    kernel_objects: tuple[Path, ...]
    """The kernel's own code, before it was linked."""
