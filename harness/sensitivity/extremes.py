"""The ends of what a contract's patterns can draw, as rows: nothing that a run draws lies beyond them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.model import Case, Contract, Flow, Pattern
from harness.model.prototype import Parameter
from harness.numerics.formats import places, rounded
from harness.numerics.inputs import LARGEST_OF_BELL, InputStream

SUITE = "extremes"
"""What the cases here call their suite, in messages."""

Inputs = Mapping[str, NDArray[Any]]
_DRAWN_ELSEWHERE = ("zeros", "special", "sparse", "peak")
"""Patterns whose rows have no ends beyond what every run draws of them."""


def extremes(contract: Contract, case: Case, patterns: Sequence[Pattern]) -> Iterator[tuple[Case, Inputs]]:
    """Yield rows of a case's sizes with all elements at an end of what a pattern draws, or each at one of the two.

    Of several buffers all are at the same end, and by turns at opposite ones.
    """
    stream = InputStream()
    read = [p for p in contract.prototype.buffers if contract.flows[p.name] is not Flow.OUT]
    for number, pattern in enumerate(patterns):
        if pattern.kind in _DRAWN_ELSEWHERE:
            continue
        for exponent in dict.fromkeys(pattern.scale_exponents):
            fixed = replace(pattern, scale_exponents=(exponent, exponent), directed=True)
            for how, turns in _TURNS.items():
                label = f"{case.label}-{pattern.kind}{number}-{how}-2**{exponent}"
                extreme = replace(case, suite=SUITE, label=label, pattern=fixed)
                drawn = dict(stream.inputs(contract, extreme))
                for place, parameter in enumerate(read):
                    drawn[parameter.name] = _at_ends(
                        contract, case, parameter, drawn[parameter.name], fixed, turns[place % 2]
                    )
                yield extreme, drawn


_UP, _DOWN, _MIXED = "up", "down", "mixed"
_TURNS = {
    "highest": (_UP, _UP),
    "lowest": (_DOWN, _DOWN),
    "opposite": (_UP, _DOWN),
    "opposed": (_DOWN, _UP),
    "mixed": (_MIXED, _MIXED),
}


def _at_ends(
    contract: Contract, case: Case, parameter: Parameter, drawn: NDArray[Any], pattern: Pattern, which: str
) -> NDArray[Any]:
    """Return a buffer with its elements at an end, or of a drawn row the first at the one and the last at the other."""
    layout = contract.layout(parameter.name, dict(case.sizes))
    inside = places(layout) if layout and layout.has_gaps else np.arange(drawn.size)
    low, high = _ends(parameter, pattern)
    found = drawn.copy()
    if which == _MIXED:
        found[inside[:1]], found[inside[1:][-1:]] = high, low
    else:
        found[inside] = high if which == _UP else low
    return found


def _ends(parameter: Parameter, pattern: Pattern) -> tuple[Any, Any]:
    """Return the lowest and the highest number that a pattern draws, in the type of a buffer."""
    element = parameter.type
    if element.family != "float":
        ends = element.integer_range
        low, high = pattern.bounds if pattern.kind in ("uniform", "loud") else ends
        if pattern.kind == "loud" and pattern.is_signed:
            low = -high
        low, high = (min(max(int(end), ends[0]), ends[1]) for end in (low, high))
        return np.array(low, element.dtype)[()], np.array(high, element.dtype)[()]
    low, high = -LARGEST_OF_BELL, LARGEST_OF_BELL
    if pattern.kind in ("constant", "descending"):
        low = LARGEST_OF_BELL * 2.0**-16  # magnitudes
    if pattern.kind == "loud":
        low, high = pattern.bounds
        low = min(low, -high, -low) if pattern.is_signed else low
        high = max(high, -low) if pattern.is_signed else high
    both = rounded(np.array([low, high]) * 2.0 ** pattern.scale_exponents[0], element.number_format)
    return both[0], both[1]
