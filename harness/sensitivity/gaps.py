"""Proof that the inputs have no blind spots: each planted defect moves some result beyond any excuse.

A defect is planted in the arithmetic, not in a kernel: a term of a sum is left out, taken twice or replaced by its
neighbour's, a maximum is missed, a store is skipped or gets its neighbour's value, a size is off by one, a scalar
argument is ignored. It is visible if, in some case of that size, it moves a result by at least MARGIN times its
tolerance. What a correct kernel may do then never hides what a wrong one does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ContractError
from harness.judge.answers import exact_numbers
from harness.judge.reference import Oracle
from harness.judge.tolerance import Steps
from harness.model import Array, Case, Contract, EachPass, Flow, Formula, MaxPass, SumPass
from harness.model.patterns import Dominant, Sparse, Special
from harness.sensitivity.changes import change_inputs
from harness.sensitivity.planting import Shown, misread, multiples_of, tried_positions

MARGIN = 8.0
"""Multiple of the tolerance by which a defect must move a result."""

Sizes = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Elements of one size in which a defect does not show in any case."""

    sizes: Sizes
    defect: str
    hidden: int
    elements: int
    is_sampled: bool = False
    """True if nobody looked at the hidden ones, where all would be too many."""

    def __str__(self) -> str:
        """Read as in "len 1024: omission in energy hidden at 3 of 1024 elements"."""
        size = ", ".join(f"{name} {value}" for name, value in self.sizes)
        how = "not tried" if self.is_sampled else "hidden"
        return f"{size}: {self.defect} {how} at {self.hidden} of {self.elements}"


def find_gaps(
    contract: Contract, cases: Iterable[Case], inputs_of: Callable[[Case], Mapping[str, NDArray[Any]]]
) -> tuple[int, list[Gap]]:
    """Plant every defect in every case; return the number of sizes and the gaps that are left.

    Sizes that no proving suite of the contract has are not promised and not counted.

    Raises:
        ContractError: the contract's functions misbehave.
    """
    oracle = Oracle(contract)
    shown: dict[Sizes, Shown] = {}
    promised: set[Sizes] = set()
    with np.errstate(all="ignore"):
        for case in cases:
            if isinstance(case.pattern, Special | Sparse) or min((size for _, size in case.sizes), default=1) == 0:
                continue
            inputs = inputs_of(case)
            of_size = shown.setdefault(case.sizes, Shown())
            if contract.tolerances:
                if _is_proving(contract, case):
                    change_inputs(oracle, contract, case, inputs, of_size)
            else:
                planted = _Planted(contract, case, *oracle.steps(case, inputs), of_size)
                _plant(planted)
                _plant_in_layouts(oracle, planted, inputs)
            if _is_proving(contract, case):
                promised.add(case.sizes)
    gaps = [gap for sizes in shown if sizes in promised for gap in _gaps(sizes, shown[sizes])]
    return len(promised), gaps


def _is_proving(contract: Contract, case: Case) -> bool:
    """True if the case is one of a set that is there to cover all elements of its size."""
    largest = max((size for _, size in case.sizes), default=0)
    is_alone = isinstance(case.pattern, Dominant) and case.pattern.parts >= largest > 1
    return case.suite in contract.suites and contract.suites[case.suite].is_proving and not is_alone


def _gaps(sizes: Sizes, shown: Shown) -> list[Gap]:
    found = []
    for defect, multiples in shown.by_defect.items():
        hidden = int(np.count_nonzero(multiples < MARGIN))
        if hidden:
            found.append(Gap(sizes, defect, hidden, multiples.size))
        untried = int(np.count_nonzero(np.isnan(multiples)))
        if untried:
            found.append(Gap(sizes, defect, untried, multiples.size, is_sampled=True))
    return found


# ---- planting ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Planted:
    """A case with what its passes come to, into which defects are planted."""

    contract: Contract
    case: Case
    values: Mapping[str, Any]
    steps: Steps
    shown: Shown

    @property
    def outputs(self) -> list[EachPass]:
        """The passes that results are seen in."""
        return [step for step in self.contract.passes if isinstance(step, EachPass)]

    def answer(self, formula: Formula, known: Mapping[str, Any]) -> Array:
        """Return what a function of the contract answers."""
        return exact_numbers(formula, known, self.case.id).astype(np.float64, copy=False)

    def answers(self, formula: Formula, known: Mapping[str, Any], name: str, changed: Array) -> Array:
        """Return what it answers for each of several values of `name`; one at a time if it takes no array there."""
        try:
            found = self.answer(formula, {**known, name: changed})
        except ContractError:
            found = np.empty(0)
        if found.shape == changed.shape:
            return found
        each = [self.answer(formula, {**known, name: value}).ravel() for value in changed.ravel()]
        if any(one.size != 1 for one in each):
            text = f"{formula.what} is not element-wise: one element of its arguments gives {each[0].size}"
            raise ContractError(f"{text} for {self.case.id}", formula.line)
        return np.concatenate(each).reshape(changed.shape)

    def before(self, name: str) -> dict[str, Any]:
        """Return what a pass sees: inputs, and the results of the passes before it."""
        known = dict(self.values)
        for step in self.contract.passes:
            if step.name == name:
                break
            known[step.name] = self.steps.values[step.name]
        return known


def _plant(planted: _Planted) -> None:
    for step in planted.contract.passes:
        if isinstance(step, SumPass):
            terms = planted.answer(step.formula, planted.before(step.name))
            if step.axis is None:
                _plant_in_sum(planted, step, np.ravel(terms))
            else:
                _plant_in_sums(planted, step, terms)
        elif isinstance(step, MaxPass):
            if step.matters:
                _plant_in_max(planted, step, np.ravel(planted.answer(step.formula, planted.before(step.name))))
        else:
            _plant_in_step(planted, step)
            _plant_in_arguments(planted, step)


def _plant_in_sum(planted: _Planted, step: SumPass, terms: Array) -> None:
    total, shown = planted.steps.values[step.name], planted.shown
    shown.add(f"omission in {step.name}", _moved(planted, step.name, total - terms))
    shown.add(f"double counting in {step.name}", _moved(planted, step.name, total + terms))
    if terms.size > 1:
        neighbours = np.append(terms[1:], terms[-2])
        shown.add(f"the neighbour's term in {step.name}", _moved(planted, step.name, total - terms + neighbours))


def _plant_in_max(planted: _Planted, step: MaxPass, candidates: Array) -> None:
    moved = np.full(candidates.size, np.nan)  # one case tries one position: to miss any other is no defect there
    candidates = -candidates if step.is_lowest else candidates
    at = int(np.argmax(candidates))
    others = np.delete(candidates, at).max(initial=-np.inf)
    if others < candidates[at]:  # of two that are equal, neither is missed
        multiple = _moved(planted, step.name, np.array([-others if step.is_lowest else others]))[0]
        moved[at] = np.inf if np.isnan(multiple) else multiple
    planted.shown.add_tried(f"omission in {step.name}", moved)


def _moved(planted: _Planted, name: str, changed: Array) -> Array:
    """Return, for each changed result of pass `name`, by how many tolerances it moves the most sensitive output.

    The most sensitive is the one that the largest of the changes moves most.
    """
    steps = planted.steps
    moved = np.zeros(changed.shape)
    if changed.size == 0:
        return moved
    largest = changed[int(np.argmax(np.nan_to_num(np.abs(changed - steps.values[name]), nan=np.inf)))]
    if name in planted.contract.output_names:  # a sum or a maximum that is returned as it is
        moved = multiples_of(changed - steps.values[name], steps.bounds[name])
    for step in planted.outputs:
        if name not in step.formula.takes:
            continue
        known = {**planted.before(step.name), name: largest}
        value, bound = np.atleast_1d(steps.values[step.name]), np.atleast_1d(steps.bounds[step.name])
        probe = 0
        if bound.size == value.size > 1:
            every = planted.answer(step.formula, known)
            probe = int(np.argmax(np.nan_to_num(multiples_of(every - value, bound), nan=np.inf)))
        there = {key: _at(known[key], probe, value.size) for key in step.formula.takes}
        again = planted.answers(step.formula, there, name, changed)
        moved = np.maximum(
            moved, multiples_of(again - np.ravel(value)[probe], np.ravel(bound)[min(probe, bound.size - 1)])
        )
    return moved


def _at(known: Any, probe: int, count: int) -> Any:
    """An input's element at the probed output; anything that is no row stays as it is."""
    return np.ravel(known)[probe] if isinstance(known, np.ndarray) and known.size == count > 1 else known


def _plant_in_step(planted: _Planted, step: EachPass) -> None:
    flows, steps, shown = planted.contract.flows, planted.steps, planted.shown
    if step.name not in flows:
        return
    want, bound = steps.values[step.name], steps.bounds[step.name]
    if flows[step.name] is Flow.INOUT:
        shown.add(f"a skipped store to {step.name}", np.ravel(multiples_of(planted.values[step.name] - want, bound)))
    if want.size > 1:
        flat = np.ravel(want)
        neighbours = np.append(flat[1:], flat[-2]).reshape(want.shape)
        shown.add(f"the neighbour's {step.name}", np.ravel(multiples_of(neighbours - want, bound)))


def _plant_in_arguments(planted: _Planted, step: EachPass) -> None:
    known, takes = planted.before(step.name), step.formula.takes
    want, bound = planted.steps.values[step.name], planted.steps.bounds[step.name]

    def plant(defect: str, name: str, other: Any) -> None:
        try:
            error = planted.answer(step.formula, {**known, name: other}) - want
        except ContractError:  # an array cannot be of this size: nothing is planted, and nothing shown
            return
        if error.size:
            planted.shown.add(defect, np.max(multiples_of(error, bound)).reshape(1))

    for name, size in planted.case.sizes:
        if name in takes:
            for other in (size - 1, size + 1):
                plant(f"{name} off by one", name, other)
    for name, number in planted.case.scalars:
        if name in takes:
            for other_value in {0, *planted.contract.scalars[name]} - {number}:
                plant(f"{name} ignored", name, other_value)


# ---- sums along a dimension ----------------------------------------------------------------------------------------


def _plant_in_sums(planted: _Planted, step: SumPass, terms: Array) -> None:
    """Change one term in each of the sums at a time: each sum is an output element's own."""
    assert step.axis is not None
    along = np.moveaxis(terms, step.axis, 0)
    total, count = planted.steps.values[step.name], along.shape[0]
    tried = {defect: np.full(along.shape, np.nan) for defect in ("omission", "double counting", "the neighbour's term")}
    for position in tried_positions(count):
        term = along[position]
        tried["omission"][position] = _moved_each(planted, step.name, total - term)
        tried["double counting"][position] = _moved_each(planted, step.name, total + term)
        if count > 1:
            other = along[position + 1] if position + 1 < count else along[position - 1]
            tried["the neighbour's term"][position] = _moved_each(planted, step.name, total - term + other)
    for defect, multiples in tried.items():
        if count > 1 or defect != "the neighbour's term":
            planted.shown.add_tried(f"{defect} in {step.name}", multiples.ravel())


def _moved_each(planted: _Planted, name: str, changed: Array) -> Array:
    """Return by how many tolerances each output element moves when all sums of pass `name` change."""
    steps = planted.steps
    moved = np.zeros(changed.shape)
    for step in planted.outputs:
        if name in step.formula.takes and np.shape(steps.values[step.name]) == changed.shape:
            again = planted.answer(step.formula, {**planted.before(step.name), name: changed})
            multiples = multiples_of(again - steps.values[step.name], steps.bounds[step.name])
            moved = np.maximum(moved, np.where(np.isnan(multiples), np.inf, multiples))
    return moved


def _plant_in_layouts(oracle: Oracle, planted: _Planted, inputs: Mapping[str, NDArray[Any]]) -> None:
    """Read an array with rows that are apart as if they were not, and as if it lay column by column."""
    contract, case, steps = planted.contract, planted.case, planted.steps
    for name, what, changed in misread(contract, case, inputs, planted.values):
        again = oracle.again(case, {**planted.values, name: changed})
        multiples = [
            np.max(multiples_of(again.values[output] - steps.values[output], steps.bounds[output]), initial=0.0)
            for output in contract.output_names
        ]
        planted.shown.add(f"{what} of {name}", np.max(multiples).reshape(1))
