"""What it means: outcomes, findings and verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """The closed set of outcomes, worst first. Only PASS is a pass."""

    HARNESS_ERROR = "HARNESS_ERROR"
    CONTRACT_ERROR = "CONTRACT_ERROR"
    BUILD_ERROR = "BUILD_ERROR"
    CRASH = "CRASH"
    TIMEOUT = "TIMEOUT"
    OUT_OF_BOUNDS = "OUT_OF_BOUNDS"
    STATE = "STATE"
    MISMATCH = "MISMATCH"
    UNEXPECTED_PASS = "UNEXPECTED_PASS"
    EXPECTED_FAILURE = "EXPECTED_FAILURE"
    UNAVAILABLE = "UNAVAILABLE"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    PASS = "PASS"

    @property
    def is_kernel_fault(self) -> bool:
        """Whether the kernel is to blame."""
        return self in _KERNEL_FAULTS

    @property
    def is_accepted(self) -> bool:
        """Whether it ran and came out as it should: it passed, or failed as its manifest says."""
        return self in (Outcome.PASS, Outcome.EXPECTED_FAILURE)

    @property
    def severity(self) -> int:
        """0 for the worst."""
        return _SEVERITY[self]


_KERNEL_FAULTS = frozenset(
    {
        Outcome.BUILD_ERROR,
        Outcome.CRASH,
        Outcome.TIMEOUT,
        Outcome.OUT_OF_BOUNDS,
        Outcome.STATE,
        Outcome.MISMATCH,
        Outcome.UNEXPECTED_PASS,
    }
)
_SEVERITY = {outcome: rank for rank, outcome in enumerate(Outcome)}


@dataclass(frozen=True, slots=True)
class Window:
    """The elements around the worst one: what came, what was due, and how far apart they may be."""

    first: int
    """Index of the window's first element in the output."""
    got: tuple[float, ...]
    want: tuple[float, ...]
    tolerance: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Worst:
    """The element with the least headroom: which output, where, what came and what was due."""

    output: str
    element: int
    got: float
    want: float
    ulp: float
    tolerance: float
    window: Window | None = None
    """Of failures only."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The judgement of one case: the outcome, its numbers where there are any, and a line of detail."""

    outcome: Outcome
    detail: str = ""
    max_ulp: float | None = None
    mean_ulp: float | None = None
    headroom: float | None = None
    """1 - error / tolerance at the worst element: 1 is exact, 0 at the limit, negative beyond it."""
    tolerance_ulp: float | None = None
    """The tolerance of that element in ULPs."""
    worst: Worst | None = None
    scalar_ulp: float | None = None
    """Largest distance to what the scalar kernel computed for the same case."""
    seconds: float = 0.0
    depends_on_fill: bool = False
    """Calls that differ only in what undefined values held gave different bits."""
    source_line: str = ""
    """Where in the kernel it shows, as "kernel.c:41", if anything tells."""
    also: tuple[str, ...] = ()
    """Further faults of the case, less grave; a verdict has them in its detail."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One outcome with everything the reports need."""

    kernel: str
    target: str
    build: str | None
    vector_bits: int | None
    attested_vector_bits: int | None
    element_bits: int
    emulator: str | None
    suite: str | None
    case: str | None
    finding: Finding
    reproduce: str
    named: bool
    """Whether the user named it literally, so that being unavailable is an error."""
    sizes: tuple[tuple[str, int], ...] = ()
    instructions: int | None = None
    """Retired by the calls, where the executor counts them."""
    id: str = ""
    """Of a failure, what `harness replay` takes; unique within a run."""

    @property
    def outcome(self) -> Outcome:
        """The finding's outcome."""
        return self.finding.outcome
