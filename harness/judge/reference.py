"""What a case must yield: the reference's values and how far from them a correct kernel may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ContractError
from harness.judge.tolerance import Steps, propagate, unit_roundoff
from harness.judge.ulp import ulp_of
from harness.model import Array, Case, Contract, Rounding, SumPass
from harness.prototype import ScalarType


@dataclass(frozen=True, slots=True)
class Expected:
    """One output: wanted values, tolerances and ULPs, all float64 and of the output's length."""

    want: Array
    tolerance: Array
    ulp: Array
    dtype: str
    bounds: tuple[float, float] | None = None
    """Every element lies within them exactly, NaN excepted."""
    overflowed: Array | None = None
    """What a kernel yields whose sums overflow in the output's format where the reference's do not; as good."""
    first: NDArray[np.int64] | None = None
    """Of a sparse row: where the elements begin that each entry stands for. None: entry i is element i."""
    counts: NDArray[np.int64] | None = None
    """Of a sparse row: how many elements each entry stands for."""


class Oracle:
    """Evaluates a contract's reference and error model, case by case."""

    def __init__(self, contract: Contract) -> None:
        """Look up once what is the same for every case."""
        parameters = {p.name: p.type for p in contract.prototype.parameters}
        if contract.prototype.result:
            parameters["return"] = contract.prototype.result
        self._contract = contract
        self._outputs = {name: parameters[name] for name in contract.output_names}
        self._truncates = contract.rounding is Rounding.DIRECTED
        unit_factor = 2 if self._truncates else 1
        self._units = {name: unit_factor * unit_roundoff(element) for name, element in self._outputs.items()}
        self._sums = tuple(step.name for step in contract.passes if isinstance(step, SumPass))
        self._rounded = {name: parameters[name].dtype for name in contract.scalars if _is_float(parameters[name])}

    def expect(self, case: Case, inputs: Mapping[str, NDArray[Any]]) -> dict[str, Expected]:
        """Return what each output must be.

        Raises:
            ContractError: the reference raises, or yields the wrong outputs, shapes or numbers.
        """
        values = self._values(case, inputs)
        steps = self._propagate(values, case)
        if case.pattern.sites:
            self.expect(_short(case), inputs)  # the reference is held against the passes there
            wants = {name: np.atleast_1d(steps.values[name]) for name in self._outputs}
        else:
            wants = self._reference(values, case)
        overflowed = self._overflowed(values, steps, case) if self._sums else {}
        return {name: self._expected(case, name, wants[name], steps, overflowed.get(name)) for name in self._outputs}

    def steps(self, case: Case, inputs: Mapping[str, NDArray[Any]]) -> tuple[Mapping[str, Any], Steps]:
        """Return a case's values by name and what its passes come to, for those who want to change something."""
        values = self._values(case, inputs)
        return values, self._propagate(values, case)

    def _propagate(self, values: Mapping[str, Any], case: Case) -> Steps:
        return propagate(
            self._contract,
            values,
            self._units,
            directed=case.pattern.directed or self._truncates,
            weights=_weights(case),
        )

    def _overflowed(self, values: Mapping[str, Any], steps: Steps, case: Case) -> Mapping[str, Array]:
        """Evaluate the passes once more with infinite sums, where a sum leaves the range of the output's format."""
        largest = min(_largest(element) for element in self._outputs.values())
        if not any(abs(steps.values[name]) > largest for name in self._sums):
            return {}
        again = propagate(
            self._contract, values, self._units, directed=True, overflow_at=largest, weights=_weights(case)
        )
        return {name: np.atleast_1d(again.values[name]) for name in self._outputs}

    def _values(self, case: Case, inputs: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
        """Everything by name, in float64; a float argument as the rounded number that the kernel gets."""
        values: dict[str, Any] = {name: array.astype(np.float64) for name, array in inputs.items()}
        values.update(case.sizes)
        for name, number in case.scalars:
            dtype = self._rounded.get(name)
            values[name] = float(np.asarray(number, dtype)) if dtype else number
        return values

    def _reference(self, values: Mapping[str, Any], case: Case) -> dict[str, Array]:
        contract = self._contract
        arguments = {name: values[name] for name in contract.reference_takes}
        try:
            answer = contract.reference(**arguments)
            by_name = answer if isinstance(answer, dict) else {next(iter(self._outputs)): answer}
            wants = {name: np.atleast_1d(np.asarray(value, np.float64)) for name, value in by_name.items()}
        except ContractError:
            raise
        except Exception as error:
            what = f"the reference of {contract.op} raised {type(error).__name__} for {case.id}: {error}"
            raise ContractError(f"{contract.origin}: {what}") from None
        if wants.keys() != self._outputs.keys():
            found = ", ".join(map(str, wants)) or "nothing"
            what = f"the reference of {contract.op} must return {', '.join(self._outputs)}, not {found}"
            raise ContractError(f"{contract.origin}: {what}")
        return wants

    def _expected(self, case: Case, name: str, want: Array, steps: Steps, overflowed: Array | None) -> Expected:
        contract = self._contract
        count = 1 if name == "return" else case.array_length(contract.extents[name].count(dict(case.sizes)))
        model, tolerance = np.atleast_1d(steps.values[name]), np.atleast_1d(steps.bounds[name])
        if tolerance.size == 1 != count:  # an exact step has the bound 0
            tolerance = np.full(count, tolerance[0])
        for what, array in (("reference", want), ("error model (passes)", model)):
            if array.shape != (count,):
                raise ContractError(
                    f"{contract.origin}: the {what} of {contract.op} yields shape {array.shape} for {name!r} in "
                    f"{case.id}; expected ({count},)"
                )
        if not (np.abs(want - model) <= _MODEL_SHARE * tolerance).all():
            self._check_tolerance(case, name, want, tolerance)
            self._check_model(case, name, want, model, tolerance)
        dtype = self._outputs[name].dtype
        return Expected(want, tolerance, ulp_of(want, dtype), dtype, contract.ranges.get(name), overflowed)

    def _check_tolerance(self, case: Case, name: str, want: Array, tolerance: Array) -> None:
        """A finite number without a tolerance cannot be judged; where NaN or infinity is due, the class decides."""
        missing = np.isnan(tolerance) & np.isfinite(want)
        if missing.any():
            element = int(missing.argmax())
            raise ContractError(
                f"{self._contract.origin}: the error model (passes) of {self._contract.op} yields no tolerance for "
                f"{name}[{element}] in {case.id}, where {want[element]!r} is due"
            )

    def _check_model(self, case: Case, name: str, want: Array, model: Array, tolerance: Array) -> None:
        """Hold the passes against the reference: a drifted error model would bound the wrong function."""
        both = np.isfinite(want) & np.isfinite(model)
        allowed = _MODEL_SHARE * tolerance[both] + _FLOAT64_ROUNDING * np.abs(want[both])
        apart = np.abs(want[both] - model[both]) > allowed
        if apart.any():
            element = int(np.flatnonzero(both)[np.argmax(apart)])
            raise ContractError(
                f"{self._contract.origin}: reference and passes of {self._contract.op} disagree for {name}[{element}] "
                f"in {case.id}: {want[element]!r} and {model[element]!r}"
            )


def _weights(case: Case) -> Array | None:
    """How many elements of a sparse row each of its array's stands for."""
    if not case.pattern.sites:
        return None
    weights = np.ones(len(case.pattern.sites) + 1)
    weights[-1] = case.sparse_elements - len(case.pattern.sites)
    return weights


def _short(case: Case) -> Case:
    """An ordinary row of the elements that stand for a sparse one."""
    ((name, _),) = case.sizes
    pattern = replace(case.pattern, sites=())
    return replace(case, sizes=((name, len(case.pattern.sites) + 1),), pattern=pattern)


_MODEL_SHARE = 0.125
"""Share of the tolerance by which the error model's own value may differ from the reference's."""
_FLOAT64_ROUNDING = 1e-14
"""Relative difference that two ways of computing the same thing in float64 may have."""


def _largest(element: ScalarType) -> float:
    return float(np.finfo(element.dtype).max) if _is_float(element) else math.inf


def _is_float(element: ScalarType) -> bool:
    return element.family == "float"
