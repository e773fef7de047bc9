"""Conditions on what a case holds and where: patterns, special values and their positions, scalars, addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from harness.causes.condition import LISTED, Condition, either, neither
from harness.causes.sizes import Residues, blocks_of, bounds
from harness.causes.table import Cases, Mask, Scope
from harness.model import Outcome, number_text

SUITE = "suite"
"""What a condition on suites is about."""
_PATTERN_COST = 3.0
_SIGN_COST = 2.5
_VALUE_COST = 3.0
_POSITION_COST = 2.0
_SCALAR_COST = 4.0
_ALIGNMENT_COST = 8.0
_CRASHING_COST = 2.0
"""Of an alignment where all failures are crashes, which it causes more often than sizes do; addresses follow sizes."""
_IN_PLACE_COST = 4.0
_SUITE_COST = 11.0
_FIRST_COST = 1.0
_APART_COST = 4.0
_CACHE_LINE_BYTES = 64

_PATTERNS = {
    "": "the row is an ordinary one",
    "zeros": "all inputs are 0",
    "constant": "all elements are equal",
    "alternating": "signs alternate",
    "descending": "magnitudes descend",
    "peak": "one element stands out",
    "special": "there is a special value",
    "dominant": "few elements dominate",
    "loud": "few elements dominate",  # in records of earlier versions
    "sparse": "the row is sparse",
    "extremes": "elements are extremes of their type",
}
_NAN = frozenset({"nan", "-nan", "snan"})
_INFINITE = frozenset({"inf", "-inf"})
_SUBNORMAL = frozenset({"subnormal", "-subnormal", "largest-subnormal", "-largest-subnormal"})
_LARGEST = frozenset({"largest", "-largest"})
_CLASSES: tuple[tuple[str, frozenset[str]], ...] = (
    ("NaN", _NAN),
    ("infinite", _INFINITE),
    ("NaN or infinite", _NAN | _INFINITE),
    ("0.0 or -0.0", frozenset({"zero", "-zero"})),
    ("subnormal", _SUBNORMAL),
    ("subnormal, or so small that its square is", _SUBNORMAL | {"square-underflows"}),
    ("the largest finite number, of either sign", _LARGEST),
    ("so large that its square overflows", _LARGEST | {"square-overflows"}),
    ("infinite, or so large that its square is", _INFINITE | _LARGEST | {"square-overflows"}),
)
_VALUES = {
    "nan": "NaN",
    "-nan": "a NaN with its sign set",
    "snan": "a signalling NaN",
    "inf": "infinity",
    "-inf": "-infinity",
    "zero": "0",
    "-zero": "-0.0",
    "subnormal": "a subnormal number",
    "-subnormal": "a negative subnormal number",
    "largest-subnormal": "the largest subnormal number",
    "-largest-subnormal": "the largest subnormal number, negative",
    "smallest": "the smallest normal number",
    "largest": "the largest finite number",
    "-largest": "the largest finite number, negative",
    "square-overflows": "a number whose square overflows",
    "square-underflows": "a number whose square underflows",
    "lowest": "the lowest integer",
    "highest": "the highest integer",
    "one": "1",
}
"""What to call the special values of a contract."""


def input_conditions(cases: Cases, scope: Scope) -> Iterator[Condition]:
    """Yield conditions on inputs and addresses that hold for all covered cases."""
    yield from _patterns(cases, scope)
    yield from _signs(cases, scope)
    yield from _values(cases, scope)
    yield from _positions(cases, scope)
    yield from _scalars(cases, scope)
    yield from _addresses(cases, scope)
    suites, _ = scope.split(cases.suite)
    if len(suites) < LISTED:
        cost = _SUITE_COST + len(suites)
        text, opposite = f"the suite is {either(suites)}", f"the suite is {neither(suites)}"
        yield Condition(SUITE, np.isin(cases.suite, suites), cost, text, opposite)


def _patterns(cases: Cases, scope: Scope) -> Iterator[Condition]:
    """Yield the one kind of row there is, or that it is no row of zeros, which hide much."""
    seen, others = scope.split(cases.pattern)
    if len(seen) == 1 and others:
        words = _PATTERNS.get(seen[0], f"the row is drawn as {seen[0]}")
        yield Condition("pattern", cases.pattern == seen[0], _PATTERN_COST, words, f"not: {words}")
    if "zeros" in others:
        yield Condition("pattern", cases.pattern != "zeros", _PATTERN_COST, "not all inputs are 0", "all inputs are 0")


def _signs(cases: Cases, scope: Scope) -> Iterator[Condition]:
    """Yield that all elements have one sign, which those of an empty row have, too."""
    for sign, other in (("negative", "not all elements are negative"), ("positive", "not all elements are positive")):
        holds = np.isin(cases.signs, [sign, "none"])
        if holds[scope.covered].all():
            yield Condition("signs", holds, _SIGN_COST, f"all elements are {sign}", other)


def _values(cases: Cases, scope: Scope) -> Iterator[Condition]:
    is_special = cases.pattern == "special"
    if not is_special[scope.covered].all():
        return
    seen = set(scope.split(cases.value)[0])
    found = [(text, names, 0.5) for text, names in _CLASSES if seen <= names]
    if len(seen) < LISTED:
        words = either(_VALUES.get(name, name) for name in sorted(seen))
        found.append((words, frozenset(seen), 1.5 * len(seen)))
    for text, names, cost in found:
        holds = is_special & np.isin(cases.value, list(names))
        yield Condition("value", holds, _VALUE_COST + cost, f"an element is {text}", f"no element is {text}")


def _positions(cases: Cases, scope: Scope) -> Iterator[Condition]:
    """Yield where the one element stands that is special, or larger or smaller than all others."""
    positions, covered = cases.position, scope.covered
    has_one = positions >= 0
    if not has_one[covered].any():
        if has_one.any():
            yield Condition(
                "position", ~has_one, _POSITION_COST + 1, "no element alone is special", "one element is special"
            )
        return
    if not has_one[covered].all():
        return
    what = "the special value" if (cases.pattern[covered] == "special").all() else "the element that stands out"
    yield Condition(
        "one position", has_one, _POSITION_COST, "one element alone is special", "all elements are, or none"
    )

    def condition(about: str, holds: Mask, cost: float, where: str) -> Condition:
        return Condition(about, has_one & holds, _POSITION_COST + cost, f"{what} {where}", f"{what} is elsewhere")

    if len(cases.sizes) == 1:
        (sizes,) = cases.sizes.values()
        yield condition("position =", positions == sizes - 1, 1.0, "is the last element")
        for block in blocks_of(cases, scope):
            if block.vectors:
                tail = positions >= sizes - sizes % block.elements
                of = "vector" if block.vectors == 1 else f"block of {block.vectors} vectors"
                yield condition("position >", tail, 1.0 + block.cost, f"stands behind the last whole {of}")
                yield condition("position <", ~tail, 1.0 + block.cost, f"stands before the end of the last whole {of}")
    yield condition("position =", positions == 0, 1.0, "is the first element")
    of_one = Scope(covered, scope.among & has_one)
    found = [*bounds(f"the index of {what}", positions, cases.lanes, of_one)]
    for block in blocks_of(cases, scope):
        found += Residues(f"the index of {what}", block, positions % block.elements, of_one).conditions()
    for one in found:
        yield replace(one, holds=one.holds & has_one)


def _scalars(cases: Cases, scope: Scope) -> Iterator[Condition]:
    for name, numbers in cases.scalars.items():
        seen, others = scope.split(numbers)
        if not others or np.isnan([*seen, *others]).any():
            continue
        for values, is_opposite in ((seen, False), (others, True)):
            if len(values) < LISTED:
                words = [number_text(int(value) if value == int(value) else value) for value in values]
                texts = (f"{name} is {either(words)}", f"{name} is {neither(words)}")
                holds = np.isin(numbers, values) != is_opposite
                cost = _SCALAR_COST + 1.5 * (len(values) - 1) + 0.5 * is_opposite
                yield Condition(f"scalar {name}", holds, cost, *(texts[::-1] if is_opposite else texts))
        if seen[-1] < 0:
            yield Condition(f"scalar {name}", numbers < 0, _SCALAR_COST, f"{name} < 0", f"{name} >= 0")
        if seen[0] > 0:
            yield Condition(f"scalar {name}", numbers > 0, _SCALAR_COST, f"{name} > 0", f"{name} <= 0")


def _addresses(cases: Cases, scope: Scope) -> Iterator[Condition]:
    for name, alignment in cases.alignment_bytes.items():
        best = int(alignment[scope.covered].max())
        if best < _CACHE_LINE_BYTES:
            text, opposite = (f"{name} is {no}aligned to {2 * best} bytes" for no in ("not ", ""))
            cost = _CRASHING_COST if cases.outcomes == {Outcome.CRASH} else _ALIGNMENT_COST
            yield Condition(f"alignment of {name}", alignment <= best, cost, text, opposite)
    is_apart = cases.guards == ""
    if is_apart[scope.covered].all() and not is_apart[scope.among].all():
        text, opposite = (f"its buffers lie {where}" for where in ("apart from guard pages", "at guard pages"))
        yield Condition("guards", is_apart, _APART_COST, text, opposite)
    if cases.is_first[scope.covered].all():
        text = "it is the first case of its job"
        yield Condition("first", cases.is_first, _FIRST_COST, text, "it is not the first case of its job")
    in_place = cases.is_in_place
    if in_place[scope.covered].all():
        yield Condition("in place", in_place, _IN_PLACE_COST, "it works in place", "it does not work in place")
    elif not in_place[scope.covered].any():
        yield Condition("in place", ~in_place, _IN_PLACE_COST, "it does not work in place", "it works in place")
