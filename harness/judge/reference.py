"""What a case must yield: the reference's values and how far from them a correct kernel may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ContractError
from harness.judge.answers import as_numbers, check_precision, numbers, wrapped
from harness.judge.finiteness import Due, check_finite
from harness.judge.neighbours import neighbours
from harness.judge.tolerance import Steps, propagate, unit_roundoff
from harness.model import Array, Case, Contract, Flow, Formula, Rounding, SumPass
from harness.model.patterns import Chosen
from harness.model.prototype import ScalarType
from harness.numerics.formats import limits, places, rounded, widened
from harness.numerics.ulp import ulp_of


@dataclass(frozen=True, slots=True)
class Expected:
    """One output: wanted values, tolerances and ULPs, each of the output's length.

    Tolerances and ULPs are float64, and so are wanted values; those of an integer output have its own dtype.
    """

    want: NDArray[Any]
    tolerance: Array
    ulp: Array
    dtype: str
    """The number format, see harness.numerics.formats."""
    bounds: tuple[float, float] | None = None
    """Every element lies within them exactly, NaN excepted."""
    other: NDArray[Any] | None = None
    """What is as good: of a kernel whose sums overflow in the output's format where the reference's do not, and where
    the contract lets ties be rounded either way."""
    first: NDArray[np.int64] | None = None
    """Of a sparse row: where the elements begin that each entry stands for. None: entry i is element i."""
    counts: NDArray[np.int64] | None = None
    """Of a sparse row: how many elements each entry stands for."""
    places: NDArray[np.int64] | None = None
    """Of an array whose rows are apart: where in the buffer each entry lies."""

    @property
    def is_scattered(self) -> bool:
        """Whether neighbours among the entries need not be neighbours in the buffer."""
        return self.first is not None or self.places is not None


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
        self._parameters = parameters
        self._last = {step.name: step.formula for step in contract.passes}

    def expect(self, case: Case, inputs: Mapping[str, NDArray[Any]]) -> dict[str, Expected]:
        """Return what each output must be.

        Raises:
            ContractError: the reference raises, or yields the wrong outputs, shapes or numbers.
        """
        values = self.values(case, inputs)
        if self._contract.tolerances:
            answers = self.answers(values, case)
            return {name: self._tolerated(case, name, answer, values) for name, answer in answers.items()}
        steps = self._propagate(values, case)
        if case.sites:
            self.expect(_short(case), inputs)  # the reference is held against the passes there
            flat = {name: self._flat(case, self._last[name], name, steps.values[name]) for name in self._outputs}
            wants = {name: self._due(case, name, array)[0] for name, array in flat.items()}
        else:
            wants = self.outputs(values, case)
        overflowed = self._overflowed(values, steps, case) if self._sums else {}
        return {
            name: self._expected(case, name, (wants[name], overflowed.get(name)), steps, values)
            for name in self._outputs
        }

    def steps(self, case: Case, inputs: Mapping[str, NDArray[Any]]) -> tuple[Mapping[str, Any], Steps]:
        """Return a case's values by name and what its passes come to, for those who want to change something."""
        values = {name: _in_float64(value) for name, value in self.values(case, inputs).items()}
        return values, self._propagate(values, case)

    def again(self, case: Case, values: Mapping[str, Any]) -> Steps:
        """Evaluate the passes on changed values."""
        return self._propagate(values, case)

    def _propagate(self, values: Mapping[str, Any], case: Case) -> Steps:
        return propagate(
            self._contract,
            {name: _in_float64(value) for name, value in values.items()},
            self._units,
            directed=case.pattern.is_directed or self._truncates,
            during=case.id,
            weights=_weights(case),
        )

    def _overflowed(self, values: Mapping[str, Any], steps: Steps, case: Case) -> Mapping[str, Array]:
        """Evaluate the passes once more with infinite sums, where a sum leaves the range of the output's format."""
        largest = min(_largest(element) for element in self._outputs.values())
        if not any(np.any(np.abs(steps.values[name]) > largest) for name in self._sums):
            return {}
        floats = {name: _in_float64(value) for name, value in values.items()}
        again = propagate(
            self._contract,
            floats,
            self._units,
            directed=True,
            during=case.id,
            overflow_at=largest,
            weights=_weights(case),
        )
        return {name: np.ravel(again.values[name]) for name in self._outputs}

    def values(self, case: Case, inputs: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
        """Everything that the kernel gets, by name, as references get it.

        Floats are float64, integers 64 bits wide; arrays have their dimensions; a float argument is the rounded number
        that the kernel gets.
        """
        values: dict[str, Any] = {}
        sizes = dict(case.sizes)
        for name, array in inputs.items():
            if self._contract.flows[name] is not Flow.OUT:
                layout = self._contract.layout(name, sizes)
                elements = array if layout is None or not layout.has_gaps else array[places(layout)]
                wide = widened(elements, self._parameters[name].number_format)
                values[name] = wide if layout is None else wide.reshape(layout.shape)
        values.update(case.sizes)
        for name, number in case.scalars:
            element = self._parameters[name]
            values[name] = (
                float(widened(rounded(np.asarray(number), element.number_format), element.number_format))
                if _is_float(element)
                else number
            )
        return values

    def outputs(self, values: Mapping[str, Any], case: Case) -> dict[str, NDArray[Any]]:
        """Return what is due by the reference, by output, each of one dimension: float64, or the output's own integers.

        Raises:
            ContractError: the reference raises, or yields the wrong outputs or shapes.
        """
        return {name: self._due(case, name, answer)[0] for name, answer in self.answers(values, case).items()}

    def answers(self, values: Mapping[str, Any], case: Case) -> dict[str, NDArray[Any]]:
        """Return what the reference yields, by output, each of one dimension, in its own type.

        Raises:
            ContractError: it raises, or yields the wrong outputs or shapes, or no numbers of enough precision.
        """
        formula = self._contract.reference
        # References may work in place, on arrays of their own.
        own = {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in values.items()}
        with np.errstate(all="ignore"):
            answer = formula(own, case.id)
        by_name = answer if isinstance(answer, dict) else {next(iter(self._outputs)): answer}
        if by_name.keys() != self._outputs.keys():
            found = ", ".join(map(str, by_name)) or "nothing"
            what = f"{formula.what} must return {', '.join(self._outputs)}, not {found}"
            raise ContractError(what, formula.line)
        arrays = {name: as_numbers(formula, by_name[name], case.id) for name in self._outputs}
        for array in arrays.values():
            check_precision(formula, array, case.id)
        return {name: self._flat(case, formula, name, array) for name, array in arrays.items()}

    def _due(self, case: Case, name: str, answer: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """Return what is due by an answer of the reference, and what else is right where not all that is due is.

        Results are float64, rounded to the output's format where they have to be exact, or the output's own integers,
        which 64 bits wrap around to.
        """
        element, formula = self._outputs[name], self._contract.reference
        tolerance = self._contract.tolerances.get(name)
        is_exact, is_float = tolerance is not None and tolerance.is_exact, _is_float(element)
        if is_float and not is_exact:
            return answer.astype(np.float64), None
        has_choice = self._truncates or (tolerance is not None and tolerance.ties == "any")
        if not is_float and answer.dtype.kind == "f":
            if not (np.abs(answer) <= _EXACT_IN_FLOAT64).all() or (
                not has_choice and (answer != np.rint(answer)).any()
            ):
                what = f"{formula.what} yields numbers for {name!r} in {case.id} that are no integers, or too large "
                raise ContractError(f"{what}for float64 to be exact; round them, as in np.rint(...)", formula.line)
        elif not is_float:
            return wrapped(answer, element.dtype), None
        near = neighbours(answer.astype(np.float64) if answer.dtype.kind != "f" else answer, element.number_format)
        found = [near.nearest]
        if has_choice:
            found.append(near.other if self._truncates else np.where(near.is_tie, near.other, near.nearest))
        if not is_float:
            found = [wrapped(one.astype(np.int64), element.dtype) for one in found]
        return found[0], found[1] if has_choice else None

    def _flat(self, case: Case, formula: Formula, name: str, array: NDArray[Any]) -> NDArray[Any]:
        """Return an output's elements in one dimension, whatever dimensions it has."""
        shape = (1,) if name == "return" else self._contract.extents[name].shape(dict(case.sizes))
        if len(shape) == 1 and name != "return":
            shape = (case.array_length(shape[0]),)
        array = np.atleast_1d(array)
        if array.shape not in (shape, (prod(shape),)):
            what = f"{formula.what} yields shape {array.shape} for {name!r} in {case.id}; expected {shape}"
            raise ContractError(what + self._axis_hint(formula), formula.line)
        return array.ravel()

    def _axis_hint(self, formula: Formula) -> str:
        """Say where a dimension may have been lost: a sum without an axis is one number."""
        sums = [s.name for s in self._contract.passes if isinstance(s, SumPass) and s.axis is None]
        lost = [name for name in sums if name in formula.takes]
        return f"; sum_of({lost[0]!r}) has no axis=, and so adds up all dimensions of its terms" if lost else ""

    def _places(self, case: Case, name: str) -> NDArray[np.int64] | None:
        layout = None if name == "return" else self._contract.layout(name, dict(case.sizes))
        return places(layout) if layout and layout.has_gaps else None

    def _tolerated(self, case: Case, name: str, answer: NDArray[Any], values: Mapping[str, Any]) -> Expected:
        """Return what an output must be within a tolerance by name or function."""
        contract, element = self._contract, self._outputs[name]
        want, other = self._due(case, name, answer)
        self._check_finite(case, name, answer, None, values)
        tolerance_of = contract.tolerances[name]
        spacing = ulp_of(want, element.number_format)
        size = np.abs(want.astype(np.float64))
        tolerance = (
            tolerance_of.ulps * spacing
            + tolerance_of.absolute
            + (tolerance_of.relative * size if tolerance_of.relative else 0.0)
        )
        if tolerance_of.sqrt_n:
            tolerance = (
                tolerance + tolerance_of.sqrt_n * math.sqrt(values[tolerance_of.terms]) * unit_roundoff(element) * size
            )
        if tolerance_of.function:
            tolerance = self._by_function(case, name, want, values)
        bounds, where = contract.ranges.get(name), self._places(case, name)
        return Expected(want, tolerance, spacing, element.number_format, bounds, other, places=where)

    def _by_function(self, case: Case, name: str, want: NDArray[Any], values: Mapping[str, Any]) -> Array:
        formula = self._contract.tolerances[name].function
        assert formula
        shape = (1,) if name == "return" else self._contract.extents[name].shape(dict(case.sizes))
        answer = numbers(formula, {**values, "want": want.reshape(shape)}, case.id).astype(np.float64)
        what = f"{formula.what} for {name!r} in {case.id}"
        try:
            found = np.broadcast_to(answer, shape).ravel()
        except ValueError:
            text = f"{what} has shape {answer.shape}; expected one number, or shape {shape}"
            raise ContractError(text, formula.line) from None
        if not (found >= 0)[np.isfinite(want.astype(np.float64))].all():
            raise ContractError(f"{what} is negative or NaN", formula.line)
        return found

    def _expected(
        self, case: Case, name: str, wants: tuple[Array, Array | None], steps: Steps, values: Mapping[str, Any]
    ) -> Expected:
        """Return what an output must be by the passes; `wants` is what the reference yields, and what is as good."""
        contract, (want, other) = self._contract, wants
        model, tolerance = np.atleast_1d(steps.values[name]), np.atleast_1d(steps.bounds[name])
        if tolerance.size == 1 != model.size:  # an exact step has the bound 0
            tolerance = np.full(model.shape, tolerance.ravel()[0])
        formula = self._last[name]
        model, tolerance = self._flat(case, formula, name, model), self._flat(case, formula, name, tolerance)
        self._check_finite(case, name, want, model, values)
        if not (np.abs(want - model) <= _MODEL_SHARE * tolerance).all():
            self._check_tolerance(case, name, want, tolerance)
            self._check_model(case, name, want, model, tolerance)
        dtype = self._outputs[name].number_format
        bounds, where = contract.ranges.get(name), self._places(case, name)
        return Expected(want, tolerance, ulp_of(want, dtype), dtype, bounds, other, places=where)

    def _check_finite(
        self, case: Case, name: str, want: NDArray[Any], model: Array | None, values: Mapping[str, Any]
    ) -> None:
        element = self._outputs[name]
        if _is_float(element) and not case.sites:
            due = Due(self._contract.reference, name, _largest(element), case.id)
            check_finite(due, want, model, values, lambda: self._wider(case, name, values))

    def _wider(self, case: Case, name: str, values: Mapping[str, Any]) -> NDArray[Any] | None:
        """Return what the reference yields on wider numbers than float64, where there are any and it takes them."""
        if np.dtype(np.longdouble).itemsize <= np.dtype(np.float64).itemsize:
            return None
        wide = {
            key: np.asarray(value, np.longdouble)[()] if np.asarray(value).dtype.kind == "f" else value
            for key, value in values.items()
        }
        try:
            return self.answers(wide, case)[name]
        except ContractError:
            return None

    def _check_tolerance(self, case: Case, name: str, want: Array, tolerance: Array) -> None:
        """A finite number without a tolerance cannot be judged; where NaN or infinity is due, the class decides."""
        missing = np.isnan(tolerance) & np.isfinite(want)
        if missing.any():
            element = int(missing.argmax())
            raise ContractError(
                f"the error model (passes) of {self._contract.op} yields no tolerance for "
                f"{name}[{element}] in {case.id}, where {want[element]:.9g} is due",
                self._last[name].line,
            )

    def _check_model(self, case: Case, name: str, want: Array, model: Array, tolerance: Array) -> None:
        """Hold the passes against the reference: a drifted error model would bound the wrong function."""
        both = np.isfinite(want) & np.isfinite(model)
        allowed = _MODEL_SHARE * tolerance[both] + _FLOAT64_ROUNDING * np.abs(want[both])
        apart = np.abs(want[both] - model[both]) > allowed
        if apart.any():
            element = int(np.flatnonzero(both)[np.argmax(apart)])
            raise ContractError(
                f"reference and passes of {self._contract.op} disagree for {name}[{element}] "
                f"in {case.id}: {want[element]:.9g} and {model[element]:.9g}",
                self._last[name].line,
            )


def _in_float64(value: Any) -> Any:
    """As passes get it: integers, too, are numbers there."""
    return value.astype(np.float64) if isinstance(value, np.ndarray) and value.dtype.kind in "iu" else value


def _weights(case: Case) -> Array | None:
    """How many elements of a sparse row each of its array's stands for."""
    if not case.sites:
        return None
    weights = np.ones(len(case.sites) + 1)
    weights[-1] = case.sparse_elements - len(case.sites)
    return weights


def _short(case: Case) -> Case:
    """An ordinary row of the elements that stand for a sparse one."""
    ((name, _),) = case.sizes
    return replace(case, sizes=((name, len(case.sites) + 1),), pattern=Chosen(case.pattern.is_directed))


_EXACT_IN_FLOAT64 = 2.0**53
_MODEL_SHARE = 0.125
"""Share of the tolerance by which the error model's own value may differ from the reference's."""
_FLOAT64_ROUNDING = 1e-14
"""Relative difference that two ways of computing the same thing in float64 may have."""


def _largest(element: ScalarType) -> float:
    return limits(element.number_format).largest if _is_float(element) else math.inf


def _is_float(element: ScalarType) -> bool:
    return element.family == "float"
