"""The ends of what a contract's patterns can draw, as rows: nothing that a run draws lies beyond them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.model import Case, Contract, Flow, Pattern
from harness.model.patterns import (
    Chosen,
    Constant,
    Descending,
    Dominant,
    Normal,
    Peak,
    Sparse,
    Special,
    UniformIntegers,
    Zeros,
)
from harness.model.prototype import Parameter
from harness.numerics.formats import places, rounded
from harness.numerics.inputs import LARGEST_OF_BELL, InputStream

SUITE = "extremes"
"""What the cases here call their suite, in messages."""

Inputs = Mapping[str, NDArray[Any]]
_DRAWN_ELSEWHERE = (Zeros, Special, Sparse, Peak)
"""Patterns whose rows have no ends beyond what every run draws of them."""


def extremes(contract: Contract, case: Case, patterns: Sequence[Pattern]) -> Iterator[tuple[Case, Inputs]]:
    """Yield rows of a case's sizes with all elements at an end of what a pattern draws, or each at one of the two.

    Of several buffers all are at the same end, and by turns at opposite ones.
    """
    stream = InputStream()
    read = [p for p in contract.prototype.buffers if contract.flows[p.name] is not Flow.OUT]
    for number, pattern in enumerate(patterns):
        if isinstance(pattern, _DRAWN_ELSEWHERE):
            continue
        for exponent, fixed in _by_exponent(pattern).items():
            for how, turns in _TURNS.items():
                label = f"{case.label}-{pattern.kind}{number}-{how}-2**{exponent}"
                drawn = dict(stream.inputs(contract, replace(case, pattern=fixed)))
                for rank, parameter in enumerate(read):
                    ends = _ends(parameter, pattern, exponent)
                    drawn[parameter.name] = _at_ends(
                        contract, case, parameter, drawn[parameter.name], ends, turns[rank % 2]
                    )
                yield replace(case, suite=SUITE, label=label, pattern=Chosen(is_directed=True)), drawn


_UP, _DOWN, _MIXED = "up", "down", "mixed"
_TURNS = {
    "highest": (_UP, _UP),
    "lowest": (_DOWN, _DOWN),
    "opposite": (_UP, _DOWN),
    "opposed": (_DOWN, _UP),
    "mixed": (_MIXED, _MIXED),
}


def _at_ends(
    contract: Contract, case: Case, parameter: Parameter, drawn: NDArray[Any], ends: tuple[Any, Any], which: str
) -> NDArray[Any]:
    """Return a buffer with its elements at an end, or of a drawn row the first at the one and the last at the other."""
    layout = contract.layout(parameter.name, dict(case.sizes))
    inside = places(layout) if layout and layout.has_gaps else np.arange(drawn.size)
    low, high = ends
    found = drawn.copy()
    if which == _MIXED:
        found[inside[:1]], found[inside[1:][-1:]] = high, low
    else:
        found[inside] = high if which == _UP else low
    return found


def _by_exponent(pattern: Pattern) -> dict[int, Pattern]:
    """Return the pattern with each of the outermost exponents that it scales its values by."""
    if not isinstance(pattern, Normal | Dominant):
        return {0: pattern}
    return {exponent: replace(pattern, scale_exponents=(exponent, exponent)) for exponent in pattern.scale_exponents}


def _ends(parameter: Parameter, pattern: Pattern, exponent: int) -> tuple[Any, Any]:
    """Return the lowest and the highest number that a pattern draws, in the type of a buffer."""
    element = parameter.type
    if element.family != "float":
        ends = element.integer_range
        lowest, highest = (pattern.low, pattern.high) if isinstance(pattern, UniformIntegers | Dominant) else ends
        if isinstance(pattern, Dominant) and pattern.is_signed:
            lowest = -highest
        low, high = (min(max(int(end), ends[0]), ends[1]) for end in (lowest, highest))
        return np.array(low, element.dtype)[()], np.array(high, element.dtype)[()]
    return _float_ends(pattern, exponent, element.number_format)


def _float_ends(pattern: Pattern, exponent: int, number_format: str) -> tuple[Any, Any]:
    low, high = -LARGEST_OF_BELL, LARGEST_OF_BELL
    if isinstance(pattern, Constant | Descending):
        low = LARGEST_OF_BELL * 2.0**-16  # magnitudes
    if isinstance(pattern, Dominant):
        low, high = pattern.low, pattern.high
        low = min(low, -high, -low) if pattern.is_signed else low
        high = max(high, -low) if pattern.is_signed else high
    both = rounded(np.array([low, high]) * 2.0**exponent, number_format)
    return both[0], both[1]
