"""Conditions on jobs and widths: which builds, which targets, which vector lengths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from harness.causes.condition import LISTED, Condition, Part, either
from harness.causes.table import Cases, Mask, Scope

_JOB_COST = 2.0
_WIDTH_COST = 2.0
_LIST_COST = 1.5
"""Of each further item."""
_PARTS_OF_BUILDS = ("compiler", "opt", "variant")


def job_conditions(jobs: Mapping[str, NDArray[np.str_]], scope: Scope) -> Iterator[Condition]:
    """Yield conditions on builds and targets that hold for all covered jobs."""
    for fact, values in jobs.items():
        part = Part.TARGET if fact == "target" else Part.BUILD
        seen, others = scope.split(values)
        if not others:
            continue
        extra = 3.0 if fact == "build" else 0.0
        if len(seen) < LISTED:
            cost = _JOB_COST + extra + _LIST_COST * (len(seen) - 1)
            yield Condition(fact, np.isin(values, seen), cost, _name(fact, seen), _but(fact, seen), part)
        if len(others) < LISTED - 1 and fact not in _PARTS_OF_BUILDS:
            cost = _JOB_COST + extra + 0.5 + _LIST_COST * (len(others) - 1)
            yield Condition(fact, ~np.isin(values, others), cost, _but(fact, others), _name(fact, others), part)


def _name(fact: str, values: list[str]) -> str:
    words = either(values)
    return f"on {words}" if fact == "target" else f"in {words} builds" if fact == "variant" else f"as {words}"


def _but(fact: str, values: list[str]) -> str:
    words = " and ".join(values)
    return f"on every target but {words}" if fact == "target" else f"in every build but {words}"


def width_conditions(cases: Cases, scope: Scope) -> Iterator[Condition]:
    """Yield conditions on the vector length."""
    bits = cases.vector_bits
    seen, others = scope.split(bits)
    every = sorted((*seen, *others))
    if not others or 0 in every:
        return

    def condition(holds: Mask, cost: float, text: str, opposite: str) -> Condition:
        return Condition("width", holds, _WIDTH_COST + cost, text, opposite, Part.WIDTH)

    if seen == every[-len(seen) :] and len(seen) > 1:
        yield condition(bits >= seen[0], 0.5, f"at {seen[0]} bits and above", f"below {seen[0]} bits")
    if seen == every[: len(seen)] and len(seen) > 1:
        yield condition(bits <= seen[-1], 0.5, f"at {seen[-1]} bits and below", f"above {seen[-1]} bits")
    if len(seen) < LISTED:
        cost = _LIST_COST * (len(seen) - 1)
        text, opposite = f"at {either(seen)} bits", f"at every width but {either(seen)} bits"
        yield condition(np.isin(bits, seen), cost, text, opposite)
    if len(others) == 1:
        text, opposite = f"at every width but {others[0]} bits", f"at {others[0]} bits"
        yield condition(bits != others[0], 0.5, text, opposite)
    is_power = (bits & (bits - 1)) == 0
    if not is_power[scope.covered].any() and is_power[scope.among].any():
        yield condition(~is_power, 0.5, "at widths that are no power of two", "at widths that are powers of two")
