"""The nouns that the stages share: frozen, slotted, without I/O.

Read top to bottom they follow the straight line: what exists (Kernel, Contract, Target), what to run (Build, Case,
Job), what came out (Attestation, CaseObservation) and what it means (Outcome, Verdict).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.prototype import Prototype

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
else:
    Array = Any
    """A float64 array; spelled out for type checkers only, since numpy costs more than `--help` may take."""

Number = int | float

VISIBLE_SUITE = "visible"
"""The suite whose cases are there to show every element's part in the result; see harness.judge.visibility."""

SCALAR_ISA = "scalar"
"""The ISA of plain C, to whose results those of the other kernels of an op are compared."""


DEFAULT_COMPILERS = ("gcc", "clang")
"""Tried in this order where --cc names none."""

# ---- what a contract says ------------------------------------------------------------------------------------------


class Flow(IntEnum):
    """Which way a buffer's contents go."""

    IN = 1
    OUT = 2
    INOUT = 3


@dataclass(frozen=True, slots=True)
class Pattern:
    """How inputs are drawn; harness.inputs draws them.

    `directed` says that rounding errors may all have one sign, so that sqrt(n) bounds do not hold.
    """

    kind: str
    """normal, zeros, loud, peak, constant, alternating, descending, or special."""
    scale_exponents: tuple[int, int] = (0, 0)
    """Values are multiplied by 2**e, with e drawn per case from this range, both ends included."""
    directed: bool = False
    bounds: tuple[float, float] = (1.0, 2.0)
    """Loud: the range of the loud values."""
    quiet: float = 0.0
    """Loud: what all other elements are."""
    is_signed: bool = True
    """Loud: whether loud values have random signs."""
    part: int = 0
    parts: int = 1
    """Loud: which of so many disjoint subsets, which cover the row together, is loud."""
    position: int | None = None
    """Peak and special: the element; None for the whole row."""
    value: str = ""
    """Special: the name of the value, see harness.inputs.SPECIAL_VALUES."""

    @property
    def label(self) -> str:
        """Short text that tells the patterns of one size apart."""
        match self.kind:
            case "loud":
                return f"loud{self.part + 1}of{self.parts}"
            case "peak":
                return f"peak{self.position}"
            case "special":
                return f"{self.value}" if self.position is None else f"{self.value}@{self.position}"
            case _:
                return self.kind


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the buffers of a case lie: elements of distance from the guard page, and which share one address."""

    offsets: tuple[int, ...] = ()
    """By buffer, in prototype order; buffers beyond its length have none."""
    alias: tuple[tuple[int, int], ...] = ()
    """Pairs (this buffer, lies where that one does)."""


ANYWHERE = Placement()
"""At the guard page itself, every buffer apart."""


@dataclass(frozen=True, slots=True)
class CaseSpec:
    """One line of a case matrix: sizes by parameter name, and the input pattern."""

    sizes: tuple[tuple[str, int], ...]
    pattern: Pattern
    placement: Placement = ANYWHERE


@dataclass(frozen=True, slots=True)
class Extent:
    """How many elements a buffer holds, as an expression of the size arguments."""

    text: str
    count: Callable[[Mapping[str, int]], int]


@dataclass(frozen=True, slots=True)
class SumPass:
    """A reduction by addition: `terms(inputs and earlier results)` are added up into `name`.

    `roundings` counts the roundings that each term has behind it before it is added.
    """

    name: str
    terms: Callable[..., Array]
    roundings: float | Callable[..., Array]
    takes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MaxPass:
    """A reduction to the largest of `values`, which rounds nothing.

    It does not matter where any value near the largest gives the same result, as in a softmax.
    """

    name: str
    values: Callable[..., Array]
    matters: bool
    takes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EachPass:
    """An element-wise step: `name` is an output; `roundings` are the unit roundoffs of its whole expression.

    They are relative to `magnitude`, where there is one, else to the result's own.
    """

    name: str
    formula: Callable[..., Array]
    roundings: float | Callable[..., Array]
    magnitude: Callable[..., Array] | None
    takes: tuple[str, ...]


Pass = SumPass | MaxPass | EachPass


@dataclass(frozen=True, slots=True)
class Contract:
    """What an op promises; see harness.contract for how one is written."""

    op: str
    prototype: Prototype
    flows: Mapping[str, Flow]
    extents: Mapping[str, Extent]
    reference: Callable[..., Any]
    reference_takes: tuple[str, ...]
    passes: tuple[Pass, ...]
    scalars: Mapping[str, tuple[Number, ...]]
    suites: Mapping[str, Callable[[int], tuple[CaseSpec, ...]]]
    pattern: Pattern
    ranges: Mapping[str, tuple[float, float]]
    """By output: bounds that every element keeps exactly."""
    in_place: tuple[tuple[str, str], ...]
    """Pairs (output, input) that may be the same buffer."""
    over_read: Mapping[str, int]
    """By buffer: elements behind its end that a kernel may read."""
    alignment: Mapping[str, int]
    """By buffer: bytes that its address is a multiple of."""
    waived: Mapping[str, str]
    """Checks that are left out, with the reason."""
    origin: Path
    source_digest: str

    @property
    def size_names(self) -> tuple[str, ...]:
        """The integer parameters that are sizes: those that carry no list of scalar values."""
        return tuple(p.name for p in self.prototype.parameters if not p.is_pointer and p.name not in self.scalars)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Buffers that the kernel writes, in order, and "return" for a returned value."""
        written = tuple(name for name, flow in self.flows.items() if flow is not Flow.IN)
        return (*written, "return") if self.prototype.result else written

    @property
    def element_bits(self) -> int:
        """Width of the first buffer's element, which is what a lane of this op is."""
        return 8 * self.prototype.buffers[0].type.size_bytes


# ---- what exists ---------------------------------------------------------------------------------------------------


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
    """For each of the kernel's parameters, the name that the contract gives it."""

    @property
    def id(self) -> str:
        """`op/name`, which is `op/isa` unless the manifest gives a name."""
        return f"{self.op}/{self.name}"


@dataclass(frozen=True, slots=True)
class Emulation:
    """One way to run a target's binaries; `cpu` may contain {vector_bits}."""

    how: str
    cpu: str | None = None


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
    width_fact: str | None
    """The guest's fact that attests the width, such as "sve_bits"; None for code without vectors."""
    vector_bits: tuple[int, ...]
    """Widths that `all` stands for; one element for fixed-width ISAs; of its scalable unit for a core model."""
    vector_bits_on_request: tuple[int, ...]
    emulations: tuple[Emulation, ...]
    gate: Emulation | None
    """The same machine without this ISA's features: there the binary must fault."""
    is_core: bool

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


# ---- what works here -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compiler:
    """A compiler for one triple: `command` is the start of every command line."""

    spec: str
    family: str
    version: str
    triple: str
    command: tuple[str, ...]
    identity: str
    """Changes whenever the program does: digest of path, size and modification time."""


@dataclass(frozen=True, slots=True)
class Executor:
    """A proven way to run one target's binaries here; `command` may contain {vector_bits}."""

    how: str
    version: str
    cpu: str
    command: tuple[str, ...]
    identity: str

    def argv(self, vector_bits: int | None) -> tuple[str, ...]:
        """Return the command line in front of the guest binary, for one width."""
        return tuple(part.replace("{vector_bits}", str(vector_bits or 0)) for part in self.command)


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that does not work here: why, and what to do about it."""

    reason: str
    remedy: str

    def __str__(self) -> str:
        """Reason and remedy in one line."""
        return f"{self.reason}; {self.remedy}" if self.remedy else self.reason


@dataclass(frozen=True, slots=True)
class Need:
    """What a point of the selection asks of the machine: run code of an ISA on a target at a width."""

    target: str
    isa: str
    vector_bits: int | None
    is_gate: bool = False
    """To run it with the ISA's features switched off."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What survey found: compilers by (triple, spec), and for each need the first executor that proved itself."""

    compilers: Mapping[tuple[str, str], Compiler | Missing]
    executors: Mapping[Need, Executor | Missing]


# ---- what to run ---------------------------------------------------------------------------------------------------


class Fill(IntEnum):
    """What everything undefined holds during a call; the guest's poison.h gives the values."""

    BENIGN = 0
    NAN = 1
    HUGE_NEGATIVE = 2
    HUGE_POSITIVE = 3


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


@dataclass(frozen=True, slots=True)
class Build:
    """How a kernel is compiled."""

    compiler: Compiler
    opt: str
    variant: str

    @property
    def label(self) -> str:
        """Short text for tables."""
        return f"{self.compiler.spec} {self.opt} {self.variant}"


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

    @property
    def id(self) -> str:
        """What --case takes."""
        return f"{self.suite}/{self.label}"


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
    cases: tuple[Case, ...] = field(repr=False)
    trials: tuple[Trial, ...]
    """Calls per case, in order."""
    visible_trials: int
    """How many of them, from the first, the many long cases of VISIBLE_SUITE have."""
    cpu_timeout_ms: int

    @property
    def trial_counts(self) -> tuple[int, ...]:
        """Calls of each case."""
        return tuple(self.visible_trials if case.suite == VISIBLE_SUITE else len(self.trials) for case in self.cases)


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
    variants: tuple[str, ...] = ("plain", "hostile")
    suites: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    required: tuple[str, ...] = ()
    is_narrowed: bool = False
    """Compilers, builds, suites, cases or sizes were named: core models and gates are run on request only."""
    seed: int = 0
    cpu_timeout_s: float = 2.0


class Role(Enum):
    """Why a point is run."""

    MAIN = "main"
    """The ISA's target, or one that was named: every build."""
    CORE = "core"
    """A core model that the kernel's ISA promises to run on: one build."""
    GATE = "gate"
    """The ISA's features switched off: one call, which must fault."""


@dataclass(frozen=True, slots=True)
class Point:
    """One (kernel, target, width) of the selection, before anyone knows whether it can run here."""

    kernel: Kernel
    target: Target
    vector_bits: int | None
    named: bool
    """Whether the user named any of it literally, which makes its absence an error."""
    role: Role = Role.MAIN

    @property
    def need(self) -> Need:
        """What it asks of the machine."""
        return Need(self.target.name, self.kernel.isa, self.vector_bits, self.role is Role.GATE)


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


@dataclass(frozen=True, slots=True)
class Plan:
    """What will run and what will not."""

    jobs: tuple[Job, ...]
    absences: tuple[Absence, ...]


# ---- what came out -------------------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Fault:
    """The signal that ended a call; `buffer` is the index of the one whose guard was hit."""

    signal: int
    address: int
    pc: int
    buffer: int | None
    offset_bytes: int
    is_write: bool | None


@dataclass(frozen=True, slots=True)
class TrialObservation:
    """What one call did. `outputs` has the raw bytes of each buffer the kernel writes, None for inputs."""

    status: TrialStatus
    fault: Fault | None
    cpu_nanoseconds: int
    result: bytes
    damages: tuple[Damage, ...]
    violations: tuple[Violation, ...]
    outputs: tuple[bytes | None, ...]


@dataclass(frozen=True, slots=True)
class CaseObservation:
    """All calls of one case."""

    index: int
    trials: tuple[TrialObservation, ...]


@dataclass(frozen=True, slots=True)
class Death:
    """The guest process ended before it was done: in which case, and how."""

    exit_status: int | None
    """As the shell sees it: negative for a signal; None when the host's deadline ended it."""
    stderr: str


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything a job's guest processes told; cases without an observation have a death or were not run."""

    attestation: Mapping[str, int]
    cases: Mapping[int, CaseObservation]
    deaths: Mapping[int, Death]
    not_run: Mapping[int, str]
    harness_fault: str | None
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """An executable for one (kernel, build, ISA), and the command lines that made it."""

    path: Path
    digest: str
    commands: tuple[tuple[str, ...], ...]


# ---- what it means -------------------------------------------------------------------------------------------------


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
    UNAVAILABLE = "UNAVAILABLE"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    PASS = "PASS"

    @property
    def is_kernel_fault(self) -> bool:
        """Whether the kernel is to blame."""
        return self in _KERNEL_FAULTS

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
    }
)
_SEVERITY = {outcome: rank for rank, outcome in enumerate(Outcome)}


@dataclass(frozen=True, slots=True)
class Worst:
    """The element with the least headroom: which output, where, what came and what was due."""

    output: str
    element: int
    got: float
    want: float
    ulp: float
    tolerance: float


@dataclass(frozen=True, slots=True)
class Finding:
    """The judgement of one case: the outcome, its numbers where there are any, and a line of detail."""

    outcome: Outcome
    detail: str = ""
    max_ulp: float | None = None
    mean_ulp: float | None = None
    headroom: float | None = None
    """1 - error / tolerance at the worst element: 1 is exact, 0 at the limit, negative beyond it."""
    worst: Worst | None = None
    scalar_ulp: float | None = None
    """Largest distance to what the scalar kernel computed for the same case."""
    seconds: float = 0.0
    depends_on_fill: bool = False
    """Calls that differ only in what undefined values held gave different bits."""


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

    @property
    def outcome(self) -> Outcome:
        """The finding's outcome."""
        return self.finding.outcome
