"""What to run: the selection, its points, and the jobs that come of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum, IntFlag, StrEnum

from harness.model.capability import Compiler, Executor, Need, Promise
from harness.model.contract import Contract, Number, Placement
from harness.model.patterns import Pattern, Sparse
from harness.model.project import SCALAR_ISA, Kernel, Target
from harness.model.verdict import Outcome

SPARSE_ELEMENTS_PER_S = 2_000_000
"""Of a sparse row, what a kernel handles at least: a tenth of what unoptimised code does under emulation."""

MS_PER_VECTOR_CALL = 0.1
"""Several times what poison and checks around one call take under QEMU: 20 microseconds on an EPYC."""
_FEWEST_LANES = 2


class Fill(IntEnum):
    """What everything undefined holds during a call; the guest's poison.h gives the values."""

    BENIGN = 0
    NAN = 1
    HUGE_NEGATIVE = 2
    HUGE_POSITIVE = 3


class Undefined(IntFlag):
    """Where undefined contents lie that a call may meet; csrc/guest/runner/wire.h has what belongs to each."""

    ARGUMENTS = 1
    """Bits above narrow arguments."""
    REGISTERS = 2
    """Registers, sticky flags, and the stack below the kernel."""
    LANES = 4
    """What the shims fill, and inactive lanes of kernels on vectors."""
    MEMORY = 8
    """Bytes beside buffers, outputs, errno."""
    HEAP = 16
    """Fresh heap and the deep stack, for a whole process."""


NOTHING = Undefined(0)
NOTHING_UNDEFINED = Undefined(31)


class Side(IntEnum):
    """Which guard page a buffer touches."""

    END = 0
    START = 1


@dataclass(frozen=True, slots=True)
class Trial:
    """One call of the kernel within a case."""

    fill: Fill
    side: Side
    clean_uppers: bool = False
    """x86: enter with clean upper halves, and report a kernel that leaves them dirty."""
    streaming: bool = False
    """SME: enter a streaming-compatible kernel in streaming mode."""
    za_dormant: bool = False
    """SME: enter a private-ZA kernel while a lazy save of ZA is pending."""
    alternate_lanes: bool = False
    """Kernels on vectors: call with every second lane active, and again for the others."""
    benign: Undefined = NOTHING
    """What holds benign contents whatever the fill is."""


class Variant(StrEnum):
    """How a kernel is compiled and called."""

    PLAIN = "plain"
    """As it is."""
    HOSTILE = "hostile"
    """With poison in all that the language and the ABI leave undefined."""


@dataclass(frozen=True, slots=True)
class Build:
    """How a kernel is compiled."""

    compiler: Compiler
    """Of a prebuilt kernel, the one that links it."""
    opt: str
    """Empty for a prebuilt kernel."""
    variant: Variant
    how: str | None = None
    """The way to run it, where every way is wanted and rows would be alike without it."""

    @property
    def label(self) -> str:
        """Short text for tables."""
        how = f"{self.compiler.spec} {self.opt}" if self.opt else "prebuilt"
        return " ".join(filter(None, (how, self.variant, self.how)))


@dataclass(frozen=True, slots=True)
class Case:
    """Sizes, scalars and inputs of one comparison. Equal cases have equal inputs everywhere."""

    op: str
    suite: str
    label: str
    sizes: tuple[tuple[str, int], ...]
    scalars: tuple[tuple[str, Number], ...]
    pattern: Pattern
    placement: Placement
    key: int
    """128-bit key of its Philox streams, derived from op, suite, label and the run's seed."""
    is_unspecified: bool = False
    """The op promises no result: only memory and state are judged."""

    @property
    def id(self) -> str:
        """What --case takes."""
        return f"{self.suite}/{self.label}"

    @property
    def sites(self) -> tuple[int, ...]:
        """The dominant elements of a sparse row; none of any other."""
        return self.pattern.sites if isinstance(self.pattern, Sparse) else ()

    def array_length(self, count: int) -> int:
        """Length of the array for a buffer of `count` elements: all of them, or those that stand for a sparse row."""
        return len(self.sites) + 1 if self.sites else count

    @property
    def sparse_elements(self) -> int:
        """Length of the row of a sparse case; 0 for any other."""
        return self.sizes[0][1] if self.sites else 0


@dataclass(frozen=True, slots=True)
class Job:
    """One (kernel, target, build, width) with its cases: one guest process."""

    kernel: Kernel
    contract: Contract = field(repr=False)
    target: Target
    isa_flags: tuple[str, ...]
    width_fact: str | None
    build: Build
    executor: Executor
    vector_bits: int | None
    role: Role
    named: bool
    """Whether the user named any of it literally."""
    cases: tuple[Case, ...] = field(repr=False)
    """All of them run; of a gate one after the other, until a call faults, and its verdict is on the last."""
    trials: tuple[Trial, ...]
    """Calls per case, in order."""
    fewer_trials: Mapping[str, int]
    """By suite with many or long cases: how many of them, from the first, each case has."""
    cpu_timeout_ms: int
    """CPU time that a call on an ordinary row may take."""
    promised: frozenset[str] | None = None
    """The names of the features that the kernel may rely on; None where no compiler here understands its flags."""
    further_executors: tuple[Executor, ...] = field(default=(), repr=False)
    """What runs it where `executor` has instructions of the kernel wrong, in order of preference."""

    @property
    def verdict_count(self) -> int:
        """Verdicts that come of it."""
        return 1 if self.role is Role.GATE else len(self.cases)

    @property
    def trial_counts(self) -> tuple[int, ...]:
        """Calls of each case."""
        return tuple(self.fewer_trials.get(case.suite, len(self.trials)) for case in self.cases)

    @property
    def cpu_timeouts_ms(self) -> tuple[int, ...]:
        """CPU time that one call of each case may take."""
        return tuple(
            self.cpu_timeout_ms + case.sparse_elements * 1000 // SPARSE_ELEMENTS_PER_S + self._calls_ms(case)
            for case in self.cases
        )

    def _calls_ms(self, case: Case) -> int:
        """CPU time for what the guest does around each call of a kernel on vectors."""
        return round(case.sizes[0][1] / _FEWEST_LANES * MS_PER_VECTOR_CALL) if self.kernel.takes_vectors else 0


CORE_BUILD = ("O2", Variant.HOSTILE)
"""Level and variant of the one build that core models run; its compiler is the first that is there."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user asked for. Empty tuples mean the default; the named_* sets hold what was said literally."""

    kernels: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    vector_bits: tuple[int, ...] = ()
    """Scalable lengths; empty for all that a target offers."""
    vector_bits_named: bool = False
    emulator: str | None = None
    compilers: tuple[str, ...] = ()
    opts: tuple[str, ...] = ("O0", "O2")
    variants: tuple[Variant, ...] = tuple(Variant)
    suites: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    required: tuple[str, ...] = ()
    is_narrowed: bool = False
    """Compilers, builds, suites, cases or sizes were named: gates are run on request only."""
    seed: int = 0
    cpu_timeout_s: float = 2.0

    @property
    def has_core_models(self) -> bool:
        """Whether core models run unasked: what they run is selected, and nothing about targets or cases was named."""
        opt, variant = CORE_BUILD
        is_named = self.targets or self.suites or self.cases or self.sizes or self.emulator
        return opt in self.opts and variant in self.variants and not is_named


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of a run."""

    index: int
    """From 1."""
    count: int


class Role(Enum):
    """Why a point is run."""

    MAIN = "main"
    """The ISA's target, or one that was named: every build."""
    CORE = "core"
    """A core model that the kernel's ISA promises to run on: one build."""
    GATE = "gate"
    """The ISA's features switched off: one call, which must fault."""


def promise_of(kernel: Kernel) -> Promise:
    """Return what callers of a kernel promise besides its ISA."""
    return Promise(kernel.compilation.machine_flags, kernel.features)


@dataclass(frozen=True, slots=True)
class Point:
    """One (kernel, target, width) of the selection, before anyone knows whether it can run here."""

    kernel: Kernel
    target: Target
    vector_bits: int | None
    named: bool
    """Whether the user named any of it literally, which makes its absence an error."""
    role: Role = Role.MAIN
    how: str | None = None
    """The way to run it, where every way is wanted."""

    @property
    def need(self) -> Need:
        """What it asks of the machine."""
        is_gate, promise = self.role is Role.GATE, promise_of(self.kernel)
        return Need(self.target.name, self.kernel.isa, self.vector_bits, is_gate, self.how, promise)


@dataclass(frozen=True, slots=True)
class Absence:
    """A point of the selection that will not run: UNAVAILABLE or NOT_APPLICABLE, and why."""

    kernel: str
    target: str
    vector_bits: int | None
    build: str | None
    outcome: Outcome
    reason: str
    named: bool


def scalar_ranks(jobs: Iterable[Job]) -> dict[str, int]:
    """Return where the first job of each op's scalar kernel stands: the others are compared with it."""
    ranks: dict[str, int] = {}
    for rank, job in enumerate(jobs):
        if job.kernel.isa == SCALAR_ISA:
            ranks.setdefault(job.kernel.op, rank)
    return ranks


@dataclass(frozen=True, slots=True)
class Plan:
    """What will run and what will not."""

    jobs: tuple[Job, ...]
    absences: tuple[Absence, ...]
