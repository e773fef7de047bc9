"""The simplest rule that separates what failed from what passed, and holds without an exception; none if none does."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, lgamma, log

import numpy as np
from numpy.typing import NDArray

from harness.causes.condition import Condition, Part
from harness.causes.inputs import SUITE, input_conditions
from harness.causes.jobs import job_conditions, width_conditions
from harness.causes.sizes import size_conditions
from harness.causes.table import Mask, Numbers, Scope, Table

MOST_CONDITIONS = 3
"""Of a rule, about cases and widths; those about builds and targets come on top."""
_CONDITION_COST = 1.5
"""Of each condition, besides its own: few are better than many simple ones."""
_ALTERNATIVE_COST = 2.0
"""Of a rule by what may hold instead of what must."""
_MOST_COST = 20.0
_MOST_ALTERNATIVE_COST = 17.0
"""Rules that cost more are not simple: nobody would say them."""
_SLACK = 4.0
"""Bits that a rule may take more than a list of the cases that fail: a sentence is easier to grasp."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is true of every observation that failed and of none that passed."""

    conditions: tuple[Condition, ...]
    """All of them hold; of `is_any` the opposite of one at least. Without any, everything failed."""
    is_any: bool
    cost: float

    def holds(self, table: Table) -> Mask:
        """Return by observation whether it must fail."""
        held = np.ones(table.case_of.size, bool)
        for condition in self.conditions:
            held &= condition.holds[table.job_of if condition.is_of_jobs else table.case_of]
        return ~held if self.is_any else held

    def of_part(self, part: Part) -> list[Condition]:
        """Return its conditions about one part of the sentence."""
        return [condition for condition in self.conditions if condition.part is part]


def simplest_rule(table: Table, failing: Mask, passing: Mask) -> Rule | None:
    """Return the simplest rule that holds for all failing observations and for none that passes, or None.

    A rule is a few conditions that all hold, or of which one must be missing. One that takes more words than a list of
    the cases that fail is none: it holds by accident.
    """
    if not failing.any():
        return None
    if not passing.any():
        return Rule((), False, 0.0)
    found = [rule for rule in (_all_of(table, failing, passing), _any_of(table, failing, passing)) if rule]
    simple = [rule for rule in found if rule.cost <= (_MOST_ALTERNATIVE_COST if rule.is_any else _MOST_COST)]
    sensible = [rule for rule in simple if _is_shorter_than_a_list(table, rule, failing, passing)]
    return min(sensible, key=lambda rule: rule.cost, default=None)


def _all_of(table: Table, failing: Mask, passing: Mask) -> Rule | None:
    return _Search(_candidates(table, failing, passing), MOST_CONDITIONS).run()


def _any_of(table: Table, failing: Mask, passing: Mask) -> Rule | None:
    """Return a rule on sizes of the form: A is not so, or B is not so. What passed has both in common."""
    found = _Search(_candidates(table, passing, failing, only_sizes=True), MOST_CONDITIONS - 1).run()
    if found is None or len(found.conditions) < 2:
        return None
    return Rule(found.conditions, True, found.cost + _ALTERNATIVE_COST)


def _is_shorter_than_a_list(table: Table, rule: Rule, failing: Mask, passing: Mask) -> bool:
    """Compare the bits of a rule about cases with those that it takes to name the cases that fail."""
    cost = sum(one.cost for one in rule.conditions if one.part in (Part.CASE, Part.WIDTH))
    failed = np.unique(table.case_of[failing]).size
    every = np.unique(table.case_of[failing | passing]).size
    listed = (lgamma(every + 1) - lgamma(failed + 1) - lgamma(every - failed + 1)) / log(2)
    return cost <= listed + _SLACK


# ---- candidates ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidates:
    """Conditions that may be in a rule, the simplest first, and which observations each of them rules out."""

    conditions: tuple[Condition, ...]
    ruled_out: tuple[int, ...]
    """By condition: a number whose bits are the observations."""
    every: int
    """The number whose bits are all observations that must be ruled out."""


def _candidates(table: Table, covered: Mask, others: Mask, *, only_sizes: bool = False) -> Candidates:
    """Return conditions that hold for all of `covered` and rule out some of `others`.

    Observations that the same conditions rule out count once; of conditions that rule out the same, the simplest stays.
    """
    of_cases = _scope(table.case_of, covered, others, table.cases.count)
    of_jobs = _scope(table.job_of, covered, others, len(next(iter(table.jobs.values()))))
    found = [*size_conditions(table.cases, of_cases)]
    if not only_sizes:
        found += input_conditions(table.cases, of_cases)
        found += width_conditions(table.cases, of_cases)
        found += job_conditions(table.jobs, of_jobs)
    common = (one for one in found if one.holds[(of_jobs if one.is_of_jobs else of_cases).covered].all())
    conditions = sorted(common, key=lambda one: one.cost)
    case_of, job_of = table.case_of[others], table.job_of[others]
    if not conditions:
        return Candidates((), (), 1)
    ruled_out = np.array([~one.holds[job_of if one.is_of_jobs else case_of] for one in conditions])
    different = np.unpackbits(np.unique(np.packbits(ruled_out, axis=0), axis=1), axis=0, count=len(conditions))
    simplest: dict[int, Condition] = {}
    for one, row in zip(conditions, different, strict=True):
        simplest.setdefault(_bits(row), one)
    simplest.pop(0, None)
    return Candidates(tuple(simplest.values()), tuple(simplest), _bits(np.ones(different.shape[1], np.uint8)))


def _bits(row: NDArray[np.uint8]) -> int:
    return int.from_bytes(np.packbits(row).tobytes(), "big")


def _scope(index_of: Numbers, covered: Mask, others: Mask, count: int) -> Scope:
    """Return which cases, or jobs, the observations are of; `index_of` is by observation."""
    scope = Scope(np.zeros(count, bool), np.zeros(count, bool))
    scope.covered[index_of[covered]] = True
    scope.among[index_of[covered | others]] = True
    return scope


# ---- search --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Search:
    """Branch and bound over sets of conditions that together rule out everything."""

    candidates: Candidates
    most: int
    best: tuple[Condition, ...] = ()
    cost: float = inf
    _choices: dict[int, list[int]] = field(default_factory=dict)
    """By observation that must be ruled out, as one bit: which conditions do, hardest first."""

    def run(self) -> Rule | None:
        """Return the cheapest rule, or None."""
        left, choices = self.candidates.every, {}
        while left:
            bit = left & -left
            choices[bit] = [number for number, out in enumerate(self.candidates.ruled_out) if out & bit]
            left ^= bit
        self._choices = dict(sorted(choices.items(), key=lambda item: len(item[1])))
        self._extend(self.candidates.every, (), 0.0)
        return Rule(self.best, False, self.cost) if self.best else None

    def _extend(self, left: int, chosen: tuple[Condition, ...], cost: float) -> None:
        if not left:
            self.best, self.cost = chosen, cost
            return
        bit = next(bit for bit in self._choices if bit & left)
        for number in self._choices[bit]:
            one = self.candidates.conditions[number]
            total = cost + one.cost + _CONDITION_COST
            if total < self.cost and self._may_add(one, chosen):
                self._extend(left & ~self.candidates.ruled_out[number], (*chosen, one), total)

    def _may_add(self, one: Condition, chosen: tuple[Condition, ...]) -> bool:
        """Whether a rule may have this condition, too: it says something new, and there are not too many."""
        if any(one.about == other.about for other in chosen):
            return False
        if SUITE in (one.about, *(other.about for other in chosen)) and any(not other.is_of_jobs for other in chosen):
            return False  # suites are ours: a rule names one where nothing else separates its cases
        return one.is_of_jobs or sum(not other.is_of_jobs for other in chosen) < self.most
