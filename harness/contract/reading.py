"""What the standard suites follow from: the types that an op reads and writes, and what its passes are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.model import Contract, Flow, MaxPass, SumPass
from harness.model.patterns import SPECIAL_INTEGERS
from harness.model.prototype import ScalarType
from harness.numerics.formats import limits

_USUAL = ("nan", "-nan", "snan", "inf", "-inf", "zero", "-zero", "subnormal", "-subnormal", "smallest")
"""The special values that every correct kernel treats alike."""
_OF_ELEMENTS = ("largest-subnormal", "-largest-subnormal")
"""More of them for element-wise ops; what a sum of these is, is what it is of any other."""
_OF_MAXIMA = ("largest", "-largest")
"""More of them where nothing is computed: of sums and products of these, whether they overflow depends on the order."""

_HALF_MANTISSA_BITS = 10
_NARROW_INTEGER_BYTES = 2


@dataclass(frozen=True, slots=True)
class Reads:
    """What an op reads, and how results come of it."""

    types: tuple[ScalarType, ...]
    """Types of the buffers that are read."""
    element_bytes: int
    """Bytes of an element of the narrowest buffer, and of the widest below."""
    widest_bytes: int
    writes: bool
    """True if there is a buffer that is written."""
    is_sum: bool
    lowest: tuple[bool, ...]
    """For each direction in which a maximum or minimum is the result: whether it is the lowest."""
    is_position: bool
    """True if an integer is returned that no pass explains: the position of an element, perhaps."""

    @property
    def repeats(self) -> int:
        """How many rows of a size show every element: several where neighbours are often alike."""
        return max(map(self._repeats, self.types), default=1)

    def _repeats(self, element: ScalarType) -> int:
        if element.family != "float":
            return 4 if element.size_bytes <= _NARROW_INTEGER_BYTES else 1
        mantissa_bits = limits(element.number_format).mantissa_bits
        if mantissa_bits > _HALF_MANTISSA_BITS:
            return 1
        if mantissa_bits < _HALF_MANTISSA_BITS:
            return 8
        return 4 if self.is_sum else 6  # halves of bell-shaped values are often near their neighbours

    def special_values(self, more: Iterable[str]) -> tuple[str, ...]:
        """Return the names of the special values of the types, and others."""
        families = {"float" if element.family == "float" else "integer" for element in self.types}
        floats = (*_USUAL, *(() if self.is_sum or self.lowest else _OF_ELEMENTS), *(_OF_MAXIMA if self.lowest else ()))
        integers = SPECIAL_INTEGERS if "integer" in families else ()
        return tuple(dict.fromkeys([*(floats if "float" in families else ()), *integers, *more]))


def reads_of(contract: Contract) -> Reads:
    """Return what an op reads, and how results come of it."""
    buffers = contract.prototype.buffers
    read = [p.type for p in buffers if contract.flows[p.name] is not Flow.OUT]
    sizes_bytes = [p.type.size_bytes for p in buffers] or [1]
    maxima = [step for step in contract.passes if isinstance(step, MaxPass) and step.matters]
    result = contract.prototype.result
    return Reads(
        types=tuple(read),
        element_bytes=min(sizes_bytes),
        widest_bytes=max(sizes_bytes),
        writes=any(flow is not Flow.IN for flow in contract.flows.values()),
        is_sum=any(isinstance(step, SumPass) for step in contract.passes),
        lowest=tuple(dict.fromkeys(step.is_lowest for step in maxima)),
        is_position=result is not None and result.family != "float" and bool(contract.tolerances),
    )
