"""Proof of contracts without an error model: one element of an input is changed at a time, and results must move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ContractError
from harness.judge.reference import Expected, Oracle
from harness.model import Array, Case, Contract, Flow
from harness.model.patterns import Peak
from harness.sensitivity.planting import Shown, misread, multiples_of, tried_positions, type_of

_ELEMENTS_TRIED = 48


def change_inputs(
    oracle: Oracle, contract: Contract, case: Case, inputs: Mapping[str, NDArray[Any]], shown: Shown
) -> None:
    """Change one input element at a time, and see the reference's results move.

    Where one element moves other results than its own (those of a reduction), it is these that must move visibly: its
    own would move although the reduction left it out.
    """
    values, expected = oracle.values(case, inputs), oracle.expect(case, inputs)
    for name in inputs:
        if contract.flows[name] is Flow.OUT or values[name].size == 0:
            continue
        array = values[name]
        flat = array.ravel()
        for defect in ("ignored", "its neighbour's"):
            multiples = np.full(flat.size, np.nan)
            for position in _changed_positions(case, flat.size, defect):
                changed = flat.copy()
                if defect == "ignored":
                    changed[position] = _ignored(oracle, contract, case, values, name, position)
                else:
                    changed[position] = flat[(position + 1) % flat.size]
                again = oracle.outputs({**values, name: changed.reshape(array.shape)}, case)
                multiples[position] = _most_moved(expected, again, position, flat.size)
            if flat.size > 1 or defect == "ignored":
                shown.add_tried(f"an element of {name} {defect}", multiples)
    for name, number in case.scalars:
        for other in {0, *contract.scalars[name]} - {number}:
            again = oracle.outputs({**values, name: other}, case)
            shown.add(f"{name} ignored", np.array([_most_moved(expected, again, -1, -1)]))
    for name, what, misread_array in misread(contract, case, inputs, values):
        again = oracle.outputs({**values, name: misread_array}, case)
        shown.add(f"{what} of {name}", np.array([_most_moved(expected, again, -1, -1)]))


def _changed_positions(case: Case, count: int, defect: str) -> list[int]:
    """Return the elements that are changed: all of few, else some; of a row with a peak only those that it is about.

    That is the peak, and where neighbours are taken also the element before it, which becomes one.
    """
    peak = case.pattern.position if isinstance(case.pattern, Peak) else count
    if peak >= count:
        return [int(position) for position in tried_positions(count, _ELEMENTS_TRIED)]
    return [peak] if defect == "ignored" else [(peak - 1) % count, peak]


def _ignored(
    oracle: Oracle, contract: Contract, case: Case, values: Mapping[str, Any], name: str, position: int
) -> float:
    """Return what an element counts as that a kernel ignores: the first of 0, 1, the lowest and the highest number
    that changes nothing for the rest of the row.

    That is 0 for sums, 1 for products, the lowest for maxima and where they are, the highest for minima. It is 0 where
    nothing is neutral, as in a mean, and where there is no rest: outputs as long as the row, several sizes.
    """
    lengths = {extent.count(dict(case.sizes)) for extent in contract.extents.values()}
    if len(case.sizes) != 1 or lengths != {case.sizes[0][1]} or lengths == {1} or contract.output_names != ("return",):
        return 0
    ((size_name, size),) = case.sizes
    rest = {row: np.delete(array, position) for row, array in values.items() if row in contract.flows}
    shorter = replace(case, sizes=((size_name, size - 1),))
    number = values[name].dtype.type
    lowest, highest = (-np.inf, np.inf) if values[name].dtype.kind == "f" else _ends(contract, name)
    try:
        due = oracle.answers({**values, **rest, size_name: size - 1}, shorter)["return"].astype(np.float64)
        for candidate in (0, 1, lowest, highest):
            ends = {
                row: np.append(rest[row], number(candidate) if row == name else values[row][position]) for row in rest
            }
            found = oracle.answers({**values, **ends}, case)["return"].astype(np.float64)
            if np.allclose(found, due, rtol=_REORDERED, atol=0, equal_nan=True):
                return candidate
    except ContractError:  # this size is none that the reference takes
        pass
    return 0


_REORDERED = 1e-12
"""Relative difference of two sums in float64 whose order differs."""


def _ends(contract: Contract, name: str) -> tuple[int, int]:
    ends = np.iinfo(type_of(contract, name).dtype)
    return int(ends.min), int(ends.max)


def _most_moved(expected: Mapping[str, Expected], again: Mapping[str, Array], own: int, count: int) -> float:
    most_own = most_others = 0.0
    has_moved_others = False
    for name, one in expected.items():
        error = np.abs(again[name].astype(np.float64) - one.want.astype(np.float64))
        is_right = (
            again[name] == one.want if one.other is None else (again[name] == one.want) | (again[name] == one.other)
        )
        multiples = np.where(is_right, 0.0, multiples_of(error, one.tolerance))
        multiples = np.where(np.isnan(multiples), np.inf, multiples)
        if multiples.size == count and count > 1:
            most_own = max(most_own, float(multiples[own]))
            multiples[own] = 0.0
        has_moved_others |= bool((multiples > 0).any())
        most_others = max(most_others, float(multiples.max(initial=0.0)))
    return most_others if has_moved_others else most_own
