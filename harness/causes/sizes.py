"""Conditions on the sizes of a case: residues, bounds, single values, and how two sizes compare."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from harness.causes.condition import LISTED, Condition, either, neither
from harness.causes.table import Cases, Mask, Numbers, Scope

UNROLLS = (1, 2, 4, 8, 16, 32)
"""Vectors per iteration of the loops that kernels have."""
_ELEMENT_BLOCKS = (2, 4, 8, 16, 3, 32, 64)
"""Elements per iteration of loops that do not follow the vector length."""
_SHORT_BLOCK = 8
"""Elements of a block for which a rule names the residues that pass instead of those that fail."""
_RESIDUE_COST = 3.0
_BOUND_COST = 3.0
_ANY_NUMBER_COST = 4.0
"""Of a bound that is no round number."""
_VALUE_COST = 2.5
_RELATION_COST = 4.0


def size_conditions(cases: Cases, scope: Scope) -> Iterator[Condition]:
    """Yield conditions on sizes that hold for all covered cases."""
    for name, sizes in cases.sizes.items():
        for block in blocks_of(cases, scope):
            yield from Residues(name, block, sizes % block.elements, scope).conditions()
        yield from bounds(name, sizes, cases.lanes, scope)
        yield from _values(name, sizes, scope)
    yield from _relations(cases.sizes, scope)


# ---- residues ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """What a size is divided by: an iteration of so many vectors, or of so many elements."""

    elements: Numbers
    """By case."""
    lanes: Numbers
    """By case; the block itself where it does not follow the vector length."""
    vectors: int
    """How many vectors it is; 0 for one that does not follow their length."""
    is_one: bool
    """It is as long in every case that is looked at."""
    cost: float

    @property
    def text(self) -> str:
        """What a number is divided by, in words."""
        if not self.vectors:
            return str(int(self.elements[0]))
        return "lanes" if self.vectors == 1 else f"({self.vectors} * lanes)"


def blocks_of(cases: Cases, scope: Scope) -> Iterator[Block]:
    """Yield the blocks that loops over the cases' rows may have."""
    known: set[int] = set()
    lanes = np.unique(cases.lanes[scope.among]).tolist()
    if lanes[0] > 1:
        for rank, unroll in enumerate(UNROLLS):
            yield Block(unroll * cases.lanes, cases.lanes, unroll, len(lanes) == 1, 1.0 * rank)
        known = {unroll * lanes[0] for unroll in UNROLLS} if len(lanes) == 1 else set()
    for rank, elements in enumerate(_ELEMENT_BLOCKS):
        if elements not in known:
            same = np.full(cases.count, elements, np.int64)
            yield Block(same, same, 0, True, 0.5 + rank)


@dataclass(frozen=True, slots=True)
class Residues:
    """What is left over when a number of each case is divided by a block."""

    name: str
    block: Block
    residues: Numbers
    scope: Scope

    def conditions(self) -> Iterator[Condition]:
        """Yield what all covered cases have in common: none, some, these numbers, so many at least or at most."""
        seen, others = self.scope.split(self.residues)
        if others:
            yield from self._sets(seen, others)
            yield from self._in_vectors()
            yield from self._from_above()

    def _condition(self, holds: Mask, cost: float, text: str, opposite: str) -> Condition:
        what = f"{self.name} % {self.block.text}"
        cost += _RESIDUE_COST + self.block.cost
        return Condition(f"{self.name} %", holds, cost, f"{what} {text}", f"{what} {opposite}")

    def _sets(self, seen: list[int], others: list[int]) -> Iterator[Condition]:
        residues, low, high = self.residues, seen[0], seen[-1]
        if seen == [0]:
            yield self._condition(residues == 0, 0.0, "is 0", "is not 0")
        elif 0 in others:
            largest = int(self.block.elements[self.scope.among].max()) - 1
            some = either(range(1, largest + 1)) if self.block.is_one and largest < LISTED else ""
            yield self._condition(residues != 0, 0.0, f"is {some}" if some else "is not 0", "is 0")
        if len(seen) <= LISTED:
            holds = np.isin(residues, seen)
            yield self._condition(holds, 1.5 * len(seen), f"is {either(seen)}", f"is {neither(seen)}")
        elif not any(low < other < high for other in others):
            holds = (low <= residues) & (residues <= high)
            yield self._condition(holds, 3.0, f"is {low} to {high}", f"is not {low} to {high}")
        if len(others) <= 2 and others != [0] and self.block.is_one and self.block.elements[0] <= _SHORT_BLOCK:
            holds = ~np.isin(residues, others)
            yield self._condition(holds, 1 + 1.5 * len(others), f"is {neither(others)}", f"is {either(others)}")
        if low > 1:
            yield self._condition(residues >= low, 2.5, f">= {low}", f"< {low}")
        if high > 0:
            yield self._condition(residues <= high, 2.5, f"<= {high}", f"> {high}")

    def _in_vectors(self) -> Iterator[Condition]:
        """Yield bounds in vectors, and in halves of one."""
        residues, lanes, covered = self.residues, self.block.lanes, self.scope.covered
        whole = residues[covered] // lanes[covered]
        if self.block.vectors > 1:
            low, high = int(whole.min()), int(whole.max()) + 1
            if low:
                text = "lanes" if low == 1 else f"{low} * lanes"
                yield self._condition(residues >= low * lanes, 1.5 + 0.5 * low, f">= {text}", f"< {text}")
            text = "lanes" if high == 1 else f"{high} * lanes"
            yield self._condition(residues < high * lanes, 1.5 + 0.5 * high, f"< {text}", f">= {text}")
        elif not self.block.is_one:
            is_upper = 2 * residues >= lanes
            if is_upper[covered].all():
                yield self._condition(is_upper, 2.5, ">= lanes / 2", "< lanes / 2")
            elif not is_upper[covered].any():
                yield self._condition(~is_upper, 2.5, "< lanes / 2", ">= lanes / 2")

    def _from_above(self) -> Iterator[Condition]:
        """Yield how many are missing to a whole block, where blocks are of several lengths."""
        missing = self.block.elements - self.residues
        seen, _ = self.scope.split(missing)
        if not self.block.is_one and len(seen) == 1:
            text = f"{self.block.text.strip('()')} - {seen[0]}"
            yield self._condition(missing == seen[0], 1.0 + seen[0], f"is {text}", f"is not {text}")


# ---- bounds, values, relations -------------------------------------------------------------------------------------


def bounds(name: str, sizes: Numbers, lanes: Numbers, scope: Scope) -> Iterator[Condition]:
    """Yield the bounds of the covered sizes: in vectors, as a power of two, and as they are."""
    covered = scope.covered
    low, high = int(sizes[covered].min()), int(sizes[covered].max())
    found: dict[tuple[str, str], tuple[Mask, float]] = {}
    if low > 0:
        found[">", "0"] = sizes > 0, 1.0
        found[">=", str(low)] = sizes >= low, _ANY_NUMBER_COST
        power = 1 << low.bit_length() - 1
        found[">=", str(power)] = sizes >= power, 2.0
    found["<=", str(high)] = sizes <= high, _ANY_NUMBER_COST
    power = 1 << high.bit_length()
    found["<", str(power)] = sizes < power, 2.0
    if (lanes[scope.among] > 1).all():
        of_covered, lanes_there = sizes[covered], lanes[covered]
        for sign, vectors in (
            (">=", int((of_covered // lanes_there).min())),
            (">", int(((of_covered - 1) // lanes_there).min())),
            ("<", int((of_covered // lanes_there).max()) + 1),
            ("<=", int((-(-of_covered // lanes_there)).max())),
        ):
            for count in _counts(sign, vectors):
                is_power = count & (count - 1) == 0
                cost = (0.5 if is_power else 2.5) + 0.5 * count.bit_length() + (0.5 if sign in (">", "<=") else 0.0)
                text = "lanes" if count == 1 else f"{count} vectors"
                found[sign, text] = _SIGNS[sign](sizes, count * lanes), cost
    for (sign, text), (holds, cost) in found.items():
        about = f"{name} {sign[0]}"
        yield Condition(about, holds, _BOUND_COST + cost, f"{name} {sign} {text}", f"{name} {_OPPOSITE[sign]} {text}")


def _counts(sign: str, vectors: int) -> set[int]:
    """Return how many vectors a bound may have: as many as it can, and of lower bounds a rounder number, too."""
    if vectors < 1:
        return set()
    return {vectors, 1 << vectors.bit_length() - 1} if sign in (">=", ">") else {vectors}


_SIGNS = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
_OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "==": "!=", "!=": "=="}


def _values(name: str, sizes: Numbers, scope: Scope) -> Iterator[Condition]:
    seen, _ = scope.split(sizes)
    if len(seen) < LISTED:
        is_range = len(seen) > 1 and seen[-1] - seen[0] == len(seen) - 1
        cost = _VALUE_COST + (3.0 if is_range else sum(2.5 if value else 0.5 for value in seen))
        text = f"{name} is {either(seen)}"
        yield Condition(f"{name} is", np.isin(sizes, seen), cost, text, f"{name} is {neither(seen)}")


def _relations(sizes: Mapping[str, Numbers], scope: Scope) -> Iterator[Condition]:
    if len(sizes) > 1:
        has_none = np.all([column > 0 for column in sizes.values()], axis=0)
        yield Condition("emptiness", has_none, _BOUND_COST, "no size is 0", "a size is 0")
    for (one, first), (other, second) in combinations(sizes.items(), 2):
        for sign, compare in _SIGNS.items():
            holds = compare(first, second)
            if holds[scope.covered].all():
                text, opposite = (f"{one} {each} {other}" for each in (sign, _OPPOSITE[sign]))
                yield Condition(f"{one} and {other}", holds, _RELATION_COST, text, opposite)
