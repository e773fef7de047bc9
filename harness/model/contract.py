"""What a contract says: buffers, passes, inputs and sizes of an op."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.errors import counted
from harness.model.allowed import Allowed
from harness.model.formula import Formula
from harness.model.guarded import Line
from harness.model.patterns import Pattern
from harness.model.prototype import Prototype, ScalarType

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
else:
    Array = Any
    """A float64 array; spelled out for type checkers only, since numpy costs more than `--help` may take."""

Number = int | float


class Flow(IntEnum):
    """Which way a buffer's contents go."""

    IN = 1
    OUT = 2
    INOUT = 3


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
class Layout:
    """Where the elements of an array lie in its buffer: rows of the last dimension, `stride` elements apart."""

    shape: tuple[int, ...]
    stride: int

    @property
    def columns(self) -> int:
        """Elements of a row."""
        return self.shape[-1]

    @property
    def rows(self) -> int:
        """Rows, over all dimensions but the last."""
        return math.prod(self.shape[:-1])

    @property
    def elements(self) -> int:
        """Elements of the array, without the gaps between its rows."""
        return math.prod(self.shape)

    @property
    def count(self) -> int:
        """Elements of the buffer: from the first of the first row to the last of the last."""
        return (self.rows - 1) * self.stride + self.columns if self.elements else 0

    @property
    def has_gaps(self) -> bool:
        """True if there is something between the rows."""
        return self.rows > 1 and self.stride > self.columns


@dataclass(frozen=True, slots=True)
class Extent:
    """How many elements a buffer holds, as an expression of the size arguments."""

    text: str
    count: Callable[[Mapping[str, int]], int]
    layout: Callable[[Mapping[str, int]], Layout] | None = None
    """For an array of several dimensions, where its elements lie."""

    def shape(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """Return the dimensions of the array that references get."""
        return self.layout(sizes).shape if self.layout else (self.count(sizes),)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far results may be off, for contracts without passes; the parts add up.

    With u the unit roundoff and ULP the spacing of the output's format at the wanted number w, it is
    ulps * ULP + absolute + relative * |w| + sqrt_n * sqrt(n) * u * |w|, or what `function` returns.
    """

    text: str
    ulps: float = 0.0
    absolute: float = 0.0
    relative: float = 0.0
    sqrt_n: float = 0.0
    terms: str = ""
    """The size that n is."""
    function: Formula | None = None
    ties: Literal["even", "any"] = "even"
    """For an exact one, which neighbours are right where the reference lies in the middle of two."""

    @property
    def is_exact(self) -> bool:
        """True if nothing is allowed: the result is the reference's, rounded to the output's format."""
        return self.function is None and not (self.ulps or self.absolute or self.relative or self.sqrt_n)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What callers promise about sizes, or about the vector length; other cases are left out."""

    text: str
    holds: Callable[[Mapping[str, int]], bool]
    names: tuple[str, ...] = ()
    """What it is about: sizes, and perhaps the vector length."""


@dataclass(frozen=True, slots=True)
class Conventions:
    """What callers promise beyond the prototype, and which checks are given up. A run prints all of it."""

    requires: tuple[Requirement, ...] = ()
    over_read: Mapping[str, int] = field(default_factory=dict)
    """By buffer: elements behind its end that a kernel may read."""
    alignment: Mapping[str, int] = field(default_factory=dict)
    """By buffer: bytes that its address is a multiple of; a power of two."""
    waived: Mapping[str, str] = field(default_factory=dict)
    """Checks of WAIVABLE that are left out, with the reason."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Standard suites that a contract does without, with the reason."""

    def __or__(self, other: Conventions) -> Conventions:
        """Both together; where they say something of one buffer or check, what `other` says."""
        return Conventions(
            (*self.requires, *other.requires),
            {**self.over_read, **other.over_read},
            {**self.alignment, **other.alignment},
            {**self.waived, **other.waived},
            {**self.left_out, **other.left_out},
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """What a report says of them, in words."""
        return (
            *(f"only where {requirement.text}" for requirement in self.requires),
            *(
                f"{name} may be read {counted(count, 'element')} behind its end"
                for name, count in self.over_read.items()
            ),
            *(f"{name} is aligned to {count} bytes" for name, count in self.alignment.items()),
            *(f"not checked: {WAIVABLE[name]} ({reason})" for name, reason in self.waived.items()),
            *(f"no suite {name!r} ({reason})" for name, reason in self.left_out.items()),
        )


WAIVABLE = {
    "gate": "that the kernel faults without its ISA",
    "prototype": "that the prototype it is called by is that of its definition",
    "dirty-uppers": "that upper halves are left clean",
    "streaming-only": "that SVE is used in streaming mode only, as processors with SME alone demand",
    "beyond-isa": "that it needs no feature which neither its ISA nor its flags promise",
    "lanes": "that what lanes beside the row's hold has no part in the results of others",
    "estimates": "whether the emulator's estimate instructions are coarser than every processor's",
    "nan": "results of rows with a NaN",
    "infinity": "results of rows with an infinity",
    "subnormal": "results of rows with a subnormal number",
    "overflow": "results of rows with the largest numbers",
}
"""Checks that a contract or a manifest may give up, and what that means."""


class Rounding(Enum):
    """How an op rounds, which says how large one rounding is: half a unit in the last place, or a whole one."""

    NEAREST = "nearest"
    DIRECTED = "directed"
    """Toward zero, up or down, truncated: up to a whole unit, and always to one side."""


@dataclass(frozen=True, slots=True)
class SumPass:
    """A reduction by addition: the terms, an array that `formula` yields, are added up into `name`.

    `roundings` counts the roundings that each term has behind it before it is added.
    """

    name: str
    formula: Formula
    roundings: float | Formula
    axis: int | None = None
    """The dimension of the terms that is added up; None for all of them."""
    accumulator: ScalarType | None = None
    """The type that is added up in; None for the narrowest of the outputs."""


@dataclass(frozen=True, slots=True)
class MaxPass:
    """A reduction to the largest, or lowest, of the values that `formula` yields, which rounds nothing.

    It does not matter where any value near the largest gives the same result, as in a softmax.
    """

    name: str
    formula: Formula
    matters: bool
    is_lowest: bool = False


@dataclass(frozen=True, slots=True)
class EachPass:
    """An element-wise step: `name` is an output; `roundings` are the unit roundoffs of its whole expression.

    They are relative to `magnitude`, where there is one, else to the result's own.
    """

    name: str
    formula: Formula
    roundings: float | Formula
    magnitude: Formula | None


Pass = SumPass | MaxPass | EachPass


_EVERYTHING = Allowed()


@dataclass(frozen=True, slots=True)
class Suite:
    """A case matrix, and what it is there for."""

    specs: Callable[[int, Allowed], tuple[CaseSpec, ...]] = field(repr=False)
    """The cases for a number of lanes; those whose size is incidental have one that callers may pass."""
    is_proving: bool = False
    """True if it is there to show every element's part in the result; see harness.sensitivity.gaps."""
    is_in_one_build: bool = False
    """True if one build per target and width is enough for it: its rows cost much."""
    is_on_request: bool = False
    """True if it runs only where it is named."""

    def __call__(self, lanes: int, allowed: Allowed = _EVERYTHING, /) -> tuple[CaseSpec, ...]:
        """Return the cases for a number of lanes."""
        return self.specs(lanes, allowed)


@dataclass(frozen=True, slots=True)
class Contract:
    """What an op promises; see harness.contract for how one is written."""

    op: str
    prototype: Prototype
    flows: Mapping[str, Flow]
    extents: Mapping[str, Extent]
    reference: Formula
    passes: tuple[Pass, ...]
    scalars: Mapping[str, tuple[Number, ...]]
    suites: Mapping[str, Suite]
    pattern: Pattern
    ranges: Mapping[str, tuple[float, float]]
    """By output: bounds that every element keeps exactly."""
    in_place: tuple[tuple[str, str], ...]
    """Pairs (output, input) that may be the same buffer."""
    rounding: Rounding
    conventions: Conventions
    """Conventions of every kernel of this op; a kernel may add its own."""
    origin: Path
    line: Line
    """Where it is defined."""
    source_digest: str
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    """By output, in the place of passes."""

    @property
    def size_names(self) -> tuple[str, ...]:
        """The integer parameters that are sizes: those that carry no list of scalar values."""
        return tuple(p.name for p in self.prototype.parameters if not p.is_pointer and p.name not in self.scalars)

    def layout(self, buffer: str, sizes: Mapping[str, int]) -> Layout | None:
        """Return where the elements of an array of several dimensions lie; None for a plain row."""
        of_sizes = self.extents[buffer].layout
        return of_sizes(sizes) if of_sizes else None

    @property
    def output_names(self) -> tuple[str, ...]:
        """Buffers that the kernel writes, in order, and "return" for a returned value."""
        written = tuple(name for name, flow in self.flows.items() if flow is not Flow.IN)
        return (*written, "return") if self.prototype.result else written

    @property
    def element_bits(self) -> int:
        """Width of the first buffer's element, which is what a lane of this op is."""
        return 8 * self.prototype.buffers[0].type.size_bytes
