"""What it means: outcomes, findings and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
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


def number_text(number: float) -> str:
    """Return a number of an input or output as people read it: integers in full, floats with nine digits."""
    return str(number) if isinstance(number, int) else f"{number:.9g}"


@dataclass(frozen=True, slots=True)
class Window:
    """The elements around the worst one: what came, what was due, and how far apart they may be."""

    first: int
    """Index of the window's first element in the output."""
    got: tuple[float, ...]
    """Of an integer output, integers; so is what was due."""
    want: tuple[float, ...]
    tolerance: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Worst:
    """The element with the least headroom: which output, where, what came and what was due."""

    output: str
    element: int
    got: float
    want: float
    """Of an integer output both are integers."""
    ulp: float | None
    """How many units in the last place they are apart; None where the comparison is one of integers, or exact."""
    tolerance: float
    window: Window | None = None
    """Of failures only."""


RESIDUES = 256
"""What the indices of wrong elements are divided by to see which lanes they are in: a multiple of most vectors."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Where along one dimension of an output its wrong elements lie."""

    length: int
    first: int
    """The smallest index of a wrong element."""
    last: int
    residues: int
    """Bit r is set where a wrong element has an index of remainder r, divided by RESIDUES."""

    def __or__(self, other: Axis) -> Axis:
        """Return where the wrong elements of both lie."""
        first, last = min(self.first, other.first), max(self.last, other.last)
        return Axis(self.length, first, last, self.residues | other.residues)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Which elements of an output are wrong in a case, in whichever call."""

    output: str
    count: int
    """The most that were wrong in one call."""
    axes: tuple[Axis, ...]
    """One for a plain row; rows and columns of an array of several dimensions, whose first ones count as rows."""

    def __or__(self, other: Wrong) -> Wrong:
        """Return what is wrong in either of two calls."""
        axes = tuple(one | another for one, another in zip(self.axes, other.axes, strict=True))
        return Wrong(self.output, max(self.count, other.count), axes)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What of a case besides its sizes may decide whether a kernel gets it right."""

    scalars: tuple[tuple[str, float], ...] = ()
    pattern: str = ""
    """How its inputs were drawn, such as "special"; empty for the op's ordinary rows."""
    value: str = ""
    """The name of the special value, or "lowest" of a peak downwards."""
    position: int | None = None
    """The element that holds the special value or the peak; None where all or none do."""
    alignment_bytes: tuple[tuple[str, int], ...] = ()
    """By buffer: the largest power of two that divides its address in every call, up to a cache line."""
    is_in_place: bool = False
    """Whether two buffers have one address."""
    guards: str = ""
    """Which guard pages its buffers touch in some call: "behind", "before" or "both"; of buffers at a distance "".
    """
    signs: str = ""
    """Of all inputs: "negative", "positive", "none" without elements; empty where they are mixed."""
    is_first: bool = False
    """Whether it is the first case of its job."""
    is_judged: bool = True
    """Whether results are compared at all; if not, callers may expect none."""

    @property
    def strangeness(self) -> int:
        """How far it is from what a reader thinks of first, an ordinary row in a buffer of its own: 0 is that."""
        return 2 * _STRANGENESS.get(self.pattern, 1) + self.is_in_place


_STRANGENESS = {"": 0, "special": 2, "sparse": 3}
"""Of patterns; others are 1."""


def reading_order(sizes: Sequence[tuple[str, int]], found: Circumstances) -> tuple[int, ...]:
    """Order cases as a reader looks at them: ordinary rows first, of these the smallest that is not empty."""
    numbers = [size for _, size in sizes]
    return found.strangeness, 0 in numbers, sum(numbers), not found.guards


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
    wrong: tuple[Wrong, ...] = ()
    """By output, of a failure whose elements were compared one by one."""


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
    circumstances: Circumstances = Circumstances()
    id: str = ""
    """Of a failure, what `harness replay` takes; unique within a run."""

    @property
    def outcome(self) -> Outcome:
        """The finding's outcome."""
        return self.finding.outcome
