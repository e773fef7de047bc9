"""Input patterns: how the rows of a case are drawn. harness.numerics.inputs draws them.

`is_directed` says that rounding errors may all have one sign, so that sqrt(n) bounds do not hold. `kind` is what
records and messages call a pattern, `label` what tells the patterns of one size apart in the names of cases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

SPECIAL_FLOATS = (
    "nan",
    "-nan",
    "snan",
    "inf",
    "-inf",
    "zero",
    "-zero",
    "subnormal",
    "-subnormal",
    "largest-subnormal",
    "-largest-subnormal",
    "smallest",
    "largest",
    "-largest",
    "square-overflows",
    "square-underflows",
)
"""Names of the special values of float formats."""
SPECIAL_INTEGERS = ("lowest", "highest", "zero", "one")
"""Names of the special values of integers."""
BELL_END = 4.0
"""Above every bell-shaped value, whose four uniforms end at 3.5 standard deviations."""
HIGHEST_PEAK = 5.0
"""The largest element of a row with a peak, above every bell-shaped value."""


@dataclass(frozen=True, slots=True)
class Normal:
    """Bell-shaped values of random sign, times 2**e with e drawn per case from a range, both ends included."""

    kind: ClassVar[str] = "normal"
    is_directed: ClassVar[bool] = False
    label: ClassVar[str] = "normal"
    scale_exponents: tuple[int, int] = (0, 0)

    @property
    def largest(self) -> float:
        """The largest magnitude that floats are drawn with."""
        return _scaled(BELL_END, self.scale_exponents)


@dataclass(frozen=True, slots=True)
class Zeros:
    """Nothing but zeros."""

    kind: ClassVar[str] = "zeros"
    is_directed: ClassVar[bool] = True
    label: ClassVar[str] = "zeros"
    largest: ClassVar[float] = 0.0


@dataclass(frozen=True, slots=True)
class Dominant:
    """Dominant values, uniform in [low, high) and perhaps of random sign, on one part of a row of background."""

    kind: ClassVar[str] = "dominant"
    low: float = 1.0
    high: float = 2.0
    is_signed: bool = True
    scale_exponents: tuple[int, int] = (0, 0)
    is_directed: bool = False
    background: float = 0.0
    """What all other elements are."""
    buffers: tuple[str, ...] = ()
    """The buffers that have background, all others being dominant throughout; where none is named, all have."""
    part: int = 0
    parts: int = 1
    """Which of so many disjoint subsets, which cover the row together, is dominant."""

    @property
    def largest(self) -> float:
        """The largest magnitude that floats are drawn with."""
        return _scaled(max(abs(self.low), abs(self.high), abs(self.background)), self.scale_exponents)

    @property
    def label(self) -> str:
        """Part of the names of cases."""
        return f"dominant{self.part + 1}of{self.parts}"


@dataclass(frozen=True, slots=True)
class Sparse:
    """Dominant values at some elements of a row that is too long to be held, and zeros everywhere else.

    One zero stands for all of them: arrays of inputs and of expectations have an element per site, and that one last.
    """

    kind: ClassVar[str] = "sparse"
    sites: tuple[int, ...]
    """The dominant elements, ascending, in every buffer."""
    low: float = 1.0
    high: float = 2.0
    is_signed: bool = True
    scale_exponents: tuple[int, int] = (0, 0)
    is_directed: bool = False

    @property
    def largest(self) -> float:
        """The largest magnitude that floats are drawn with."""
        return _scaled(max(abs(self.low), abs(self.high)), self.scale_exponents)

    @property
    def label(self) -> str:
        """Part of the names of cases."""
        return "sparse" if len(self.sites) > 1 else f"sparse{self.sites[0]}"


@dataclass(frozen=True, slots=True)
class Peak:
    """One element that is larger (or lower) than all others; these are negative (or positive) unless signed."""

    kind: ClassVar[str] = "peak"
    is_directed: ClassVar[bool] = False
    largest: ClassVar[float] = HIGHEST_PEAK
    position: int
    is_lowest: bool = False
    is_signed: bool = True

    @property
    def label(self) -> str:
        """Part of the names of cases."""
        return f"{'trough' if self.is_lowest else 'peak'}{self.position}"


@dataclass(frozen=True, slots=True)
class Constant:
    """All elements equal."""

    kind: ClassVar[str] = "constant"
    is_directed: ClassVar[bool] = True
    label: ClassVar[str] = "constant"
    largest: ClassVar[float] = BELL_END


@dataclass(frozen=True, slots=True)
class Alternating:
    """One magnitude with alternating signs."""

    kind: ClassVar[str] = "alternating"
    is_directed: ClassVar[bool] = True
    label: ClassVar[str] = "alternating"
    largest: ClassVar[float] = BELL_END


@dataclass(frozen=True, slots=True)
class Descending:
    """Magnitudes in descending order."""

    kind: ClassVar[str] = "descending"
    is_directed: ClassVar[bool] = True
    label: ClassVar[str] = "descending"
    largest: ClassVar[float] = BELL_END


@dataclass(frozen=True, slots=True)
class Special:
    """A special value in one lane of a bell-shaped row, or filling the whole row."""

    kind: ClassVar[str] = "special"
    largest: ClassVar[float] = BELL_END
    """The largest magnitude of the elements beside it."""
    value: str
    """One of SPECIAL_FLOATS or SPECIAL_INTEGERS; buffers of the other kind of type have ordinary values."""
    position: int | None = None
    """The element; None for the whole row."""

    @property
    def is_directed(self) -> bool:
        """True if all rounding errors may have one sign: those of equal elements."""
        return self.position is None

    @property
    def label(self) -> str:
        """Part of the names of cases."""
        return self.value if self.position is None else f"{self.value}@{self.position}"


@dataclass(frozen=True, slots=True)
class UniformIntegers:
    """Integers, uniform in [low, high], clipped to their type; floats are bell-shaped."""

    kind: ClassVar[str] = "uniform"
    is_directed: ClassVar[bool] = True
    label: ClassVar[str] = "uniform"
    largest: ClassVar[float] = BELL_END
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class ExtremeIntegers:
    """Integers at the ends of their type and around zero; floats are bell-shaped."""

    kind: ClassVar[str] = "extremes"
    is_directed: ClassVar[bool] = True
    label: ClassVar[str] = "extremes"
    largest: ClassVar[float] = BELL_END


@dataclass(frozen=True, slots=True)
class Chosen:
    """Values that are not drawn but at hand, such as those of a smaller case that a search has found."""

    kind: ClassVar[str] = "chosen"
    label: ClassVar[str] = "chosen"
    largest: ClassVar[float] = math.inf
    is_directed: bool


Pattern = (
    Normal
    | Zeros
    | Dominant
    | Sparse
    | Peak
    | Constant
    | Alternating
    | Descending
    | Special
    | UniformIntegers
    | ExtremeIntegers
    | Chosen
)


def without_positions(pattern: Pattern) -> Pattern:
    """Return the kind of rows that a pattern is of: the pattern itself but for the elements that it is about."""
    match pattern:
        case Dominant():
            return replace(pattern, part=0, parts=1)
        case Sparse():
            return replace(pattern, sites=())
        case Peak():
            return replace(pattern, position=0, is_signed=True)
        case Special():
            return replace(pattern, position=None)
        case _:
            return pattern


def _scaled(unscaled: float, exponents: tuple[int, int]) -> float:
    try:
        return math.ldexp(unscaled, max(exponents))
    except OverflowError:
        return math.inf
