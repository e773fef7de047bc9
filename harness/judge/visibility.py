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

from harness.judge.changing import change_inputs
from harness.judge.planting import Shown, misread, multiples_of, tried_places
from harness.judge.reference import Oracle
from harness.judge.tolerance import Steps
from harness.model import LONG_SUITE, VISIBLE_SUITE, Array, Case, Contract, EachPass, Flow, MaxPass, SumPass

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
    """Whether nobody looked at the hidden ones, where all would be too many."""

    def __str__(self) -> str:
        """Read as in "len 1024: omission in energy hidden at 3 of 1024 elements"."""
        size = ", ".join(f"{name} {value}" for name, value in self.sizes)
        how = "not tried" if self.is_sampled else "hidden"
        return f"{size}: {self.defect} {how} at {self.hidden} of {self.elements}"


def find_gaps(
    contract: Contract, cases: Iterable[Case], inputs_of: Callable[[Case], Mapping[str, NDArray[Any]]]
) -> tuple[int, list[Gap]]:
    """Plant every defect in every case; return the number of sizes and the gaps that are left.

    Sizes that neither VISIBLE_SUITE nor LONG_SUITE covers are not promised and not counted.
    """
    oracle = Oracle(contract)
    shown: dict[Sizes, Shown] = {}
    promised: set[Sizes] = set()
    with np.errstate(all="ignore"):
        for case in cases:
            if case.pattern.kind in ("special", "sparse") or min((size for _, size in case.sizes), default=1) == 0:
                continue
            inputs = inputs_of(case)
            of_size = shown.setdefault(case.sizes, Shown())
            if contract.tolerances:
                if _is_proving(case):
                    change_inputs(oracle, contract, case, inputs, of_size)
            else:
                values, steps = oracle.steps(case, inputs)
                _plant(contract, case, values, steps, of_size)
                _plant_in_layouts(oracle, contract, case, inputs, values, steps, of_size)
            if _is_proving(case):
                promised.add(case.sizes)
    gaps = [gap for sizes in shown if sizes in promised for gap in _gaps(sizes, shown[sizes])]
    return len(promised), gaps


def _is_proving(case: Case) -> bool:
    """Whether the case is one of a set that is there to cover all elements of its size."""
    largest = max((size for _, size in case.sizes), default=0)
    is_alone = case.pattern.kind == "loud" and case.pattern.parts >= largest > 1
    return case.suite in (VISIBLE_SUITE, LONG_SUITE) and not is_alone


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


def _plant(contract: Contract, case: Case, values: Mapping[str, Any], steps: Steps, shown: Shown) -> None:
    outputs = [step for step in contract.passes if isinstance(step, EachPass)]
    for step in contract.passes:
        known = _known_before(contract, step.name, values, steps)
        arguments = {name: known[name] for name in step.takes}
        if isinstance(step, SumPass) and step.axis is not None:
            _plant_in_sums(step, step.terms(**arguments), outputs, values, steps, shown)
        elif isinstance(step, SumPass):
            _plant_in_sum(step, np.atleast_1d(step.terms(**arguments)), outputs, values, steps, shown)
        elif isinstance(step, MaxPass):
            if step.matters:
                _plant_in_max(step, np.atleast_1d(step.values(**arguments)), outputs, values, steps, shown)
        else:
            _plant_in_step(contract, step, values, steps, shown)
            _plant_in_arguments(contract, case, step, values, steps, shown)


def _known_before(contract: Contract, name: str, values: Mapping[str, Any], steps: Steps) -> dict[str, Any]:
    """What a pass sees: inputs, and the results of the passes before it."""
    known = dict(values)
    for step in contract.passes:
        if step.name == name:
            break
        known[step.name] = steps.values[step.name]
    return known


def _plant_in_sum(
    step: SumPass, terms: Array, outputs: list[EachPass], values: Mapping[str, Any], steps: Steps, shown: Shown
) -> None:
    total = steps.values[step.name]
    shown.add(f"omission in {step.name}", _moved(step.name, total - terms, outputs, values, steps))
    shown.add(f"double counting in {step.name}", _moved(step.name, total + terms, outputs, values, steps))
    if terms.size > 1:
        neighbours = np.append(terms[1:], terms[-2])
        moved = _moved(step.name, total - terms + neighbours, outputs, values, steps)
        shown.add(f"the neighbour's term in {step.name}", moved)


def _plant_in_max(
    step: MaxPass, candidates: Array, outputs: list[EachPass], values: Mapping[str, Any], steps: Steps, shown: Shown
) -> None:
    moved = np.full(candidates.size, np.nan)  # one case tries one position: to miss any other is no defect there
    at = int(np.argmax(candidates))
    others = np.delete(candidates, at).max(initial=-np.inf)
    if others < candidates[at]:  # of two that are equal, neither is missed
        multiple = _moved(step.name, np.array([others]), outputs, values, steps)[0]
        moved[at] = np.inf if np.isnan(multiple) else multiple
    shown.add_tried(f"omission in {step.name}", moved)


def _moved(name: str, changed: Array, outputs: list[EachPass], values: Mapping[str, Any], steps: Steps) -> Array:
    """Return, for each changed result of pass `name`, by how many tolerances it moves the most sensitive output.

    The most sensitive is the one that the largest of the changes moves most.
    """
    moved = np.zeros(changed.shape)
    if changed.size == 0:
        return moved
    largest = changed[int(np.argmax(np.nan_to_num(np.abs(changed - steps.values[name]), nan=np.inf)))]
    for step in outputs:
        if name not in step.takes:
            continue
        known = {**steps.values, **values}
        value, bound = np.atleast_1d(steps.values[step.name]), np.atleast_1d(steps.bounds[step.name])
        probe = 0
        if bound.size == value.size > 1:
            every = np.asarray(step.formula(**{**{key: known[key] for key in step.takes}, name: largest}), np.float64)
            probe = int(np.argmax(np.nan_to_num(multiples_of(every - value, bound), nan=np.inf)))
        arguments = {key: _at(known[key], probe, value.size) for key in step.takes}
        again = np.asarray(step.formula(**{**arguments, name: changed}), np.float64)
        moved = np.maximum(moved, multiples_of(again - value[probe], bound[min(probe, bound.size - 1)]))
    return moved


def _at(known: Any, probe: int, count: int) -> Any:
    """An input's element at the probed output; anything that is no row stays as it is."""
    return known[probe] if isinstance(known, np.ndarray) and known.shape == (count,) and count > 1 else known


def _plant_in_step(contract: Contract, step: EachPass, values: Mapping[str, Any], steps: Steps, shown: Shown) -> None:
    if step.name not in contract.flows:
        return
    want, bound = steps.values[step.name], steps.bounds[step.name]
    if contract.flows[step.name] is Flow.INOUT:
        shown.add(f"a skipped store to {step.name}", np.ravel(multiples_of(values[step.name] - want, bound)))
    if want.size > 1:
        flat = np.ravel(want)
        neighbours = np.append(flat[1:], flat[-2]).reshape(want.shape)
        shown.add(f"the neighbour's {step.name}", np.ravel(multiples_of(neighbours - want, bound)))


def _plant_in_arguments(
    contract: Contract, case: Case, step: EachPass, values: Mapping[str, Any], steps: Steps, shown: Shown
) -> None:
    known = _known_before(contract, step.name, values, steps)
    arguments = {name: known[name] for name in step.takes}
    want, bound = steps.values[step.name], steps.bounds[step.name]
    for name, size in case.sizes:
        if name in arguments:
            for other in (size - 1, size + 1):
                error = np.asarray(step.formula(**{**arguments, name: other}), np.float64) - want
                shown.add(f"{name} off by one", np.atleast_1d(multiples_of(error, bound)).max().reshape(1))
    for name, number in case.scalars:
        if name in arguments:
            for other_value in {0, *contract.scalars[name]} - {number}:
                error = np.asarray(step.formula(**{**arguments, name: other_value}), np.float64) - want
                multiples = np.atleast_1d(multiples_of(error, bound)).max().reshape(1)
                shown.add(f"{name} ignored", multiples)


# ---- sums along a dimension ----------------------------------------------------------------------------------------


def _plant_in_sums(
    step: SumPass, terms: Array, outputs: list[EachPass], values: Mapping[str, Any], steps: Steps, shown: Shown
) -> None:
    """Change one term in each of the sums at a time: each sum is an output element's own."""
    assert step.axis is not None
    along = np.moveaxis(np.asarray(terms, np.float64), step.axis, 0)
    total, count = steps.values[step.name], along.shape[0]
    tried = {defect: np.full(along.shape, np.nan) for defect in ("omission", "double counting", "the neighbour's term")}
    for place in tried_places(count):
        term = along[place]
        tried["omission"][place] = _moved_each(step.name, total - term, outputs, values, steps)
        tried["double counting"][place] = _moved_each(step.name, total + term, outputs, values, steps)
        if count > 1:
            other = along[place + 1] if place + 1 < count else along[place - 1]
            moved = _moved_each(step.name, total - term + other, outputs, values, steps)
            tried["the neighbour's term"][place] = moved
    for defect, multiples in tried.items():
        if count > 1 or defect != "the neighbour's term":
            shown.add_tried(f"{defect} in {step.name}", multiples.ravel())


def _moved_each(name: str, changed: Array, outputs: list[EachPass], values: Mapping[str, Any], steps: Steps) -> Array:
    """Return by how many tolerances each output element moves when all sums of pass `name` change."""
    moved = np.zeros(changed.shape)
    for step in outputs:
        if name in step.takes and np.shape(steps.values[step.name]) == changed.shape:
            known = {**steps.values, **values, name: changed}
            again = np.asarray(step.formula(**{key: known[key] for key in step.takes}), np.float64)
            multiples = multiples_of(again - steps.values[step.name], steps.bounds[step.name])
            moved = np.maximum(moved, np.where(np.isnan(multiples), np.inf, multiples))
    return moved


def _plant_in_layouts(
    oracle: Oracle,
    contract: Contract,
    case: Case,
    inputs: Mapping[str, NDArray[Any]],
    values: Mapping[str, Any],
    steps: Steps,
    shown: Shown,
) -> None:
    """Read an array with rows that are apart as if they were not, and as if it lay column by column."""
    for name, what, changed in misread(contract, case, inputs, values):
        again = oracle.again(case, {**values, name: changed})
        multiples = [
            np.max(multiples_of(again.values[output] - steps.values[output], steps.bounds[output]), initial=0.0)
            for output in contract.output_names
        ]
        shown.add(f"{what} of {name}", np.max(multiples).reshape(1))
