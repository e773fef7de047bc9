"""What a case must yield: the reference's values and how far from them a correct kernel may be."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ContractError
from harness.judge.tolerance import propagate, unit_roundoff
from harness.judge.ulp import ulp_of
from harness.model import Array, Case, Contract
from harness.prototype import ScalarType


@dataclass(frozen=True, slots=True)
class Expected:
    """One output: wanted values, tolerances and ULPs, all float64 and of the output's length."""

    want: Array
    tolerance: Array
    ulp: Array
    dtype: str
    all_finite: bool


def expect(contract: Contract, case: Case, inputs: Mapping[str, NDArray[Any]]) -> dict[str, Expected]:
    """Evaluate the reference and the tolerances of one case, by output name.

    Raises:
        ContractError: the reference raises, or yields the wrong outputs, shapes or numbers.
    """
    types = _output_types(contract)
    values = _values(contract, case, inputs)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        wants = _reference(contract, values, case)
        steps = propagate(
            contract, values, {name: unit_roundoff(t) for name, t in types.items()}, directed=case.pattern.directed
        )
        return {name: _expected(contract, case, name, types[name], wants[name], steps[name]) for name in types}


def _output_types(contract: Contract) -> dict[str, ScalarType]:
    by_name = {p.name: p.type for p in contract.prototype.parameters}
    if contract.prototype.result:
        by_name["return"] = contract.prototype.result
    return {name: by_name[name] for name in contract.output_names}


def _values(contract: Contract, case: Case, inputs: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Everything by name, in float64; a float argument as the rounded number that the kernel gets."""
    values: dict[str, Any] = {name: array.astype(np.float64) for name, array in inputs.items()}
    values.update(case.sizes)
    by_name = {p.name: p.type for p in contract.prototype.parameters}
    for name, number in case.scalars:
        element = by_name[name]
        values[name] = float(np.asarray(number, element.dtype)) if element.family == "float" else number
    return values


def _reference(contract: Contract, values: Mapping[str, Any], case: Case) -> dict[str, Array]:
    arguments = {name: values[name] for name in contract.reference_takes}
    try:
        answer = contract.reference(**arguments)
        by_name = answer if isinstance(answer, dict) else {contract.output_names[0]: answer}
        wants = {name: np.atleast_1d(np.asarray(value, np.float64)) for name, value in by_name.items()}
    except Exception as error:
        raise ContractError(
            f"{contract.origin}: the reference of {contract.op} raised {type(error).__name__} for {case.id}: {error}"
        ) from None
    names = contract.output_names
    if set(wants) != set(names):
        raise ContractError(
            f"{contract.origin}: the reference of {contract.op} must return {', '.join(names)}, not "
            f"{', '.join(map(str, wants)) or 'nothing'}"
        )
    return wants


def _expected(
    contract: Contract, case: Case, name: str, element: ScalarType, want: Array, step: tuple[Array, Array]
) -> Expected:
    count = 1 if name == "return" else contract.extents[name].count(dict(case.sizes))
    model, tolerance = (np.atleast_1d(part) for part in step)
    for what, array in (("reference", want), ("error model (passes)", model)):
        if array.shape != (count,):
            raise ContractError(
                f"{contract.origin}: the {what} of {contract.op} yields shape {array.shape} for {name!r} in {case.id}; "
                f"expected ({count},)"
            )
    finite = bool(np.isfinite(want).all())
    if not np.array_equal(model, want):
        _check_model(contract, case, name, want, model, tolerance)
    return Expected(want, tolerance, ulp_of(want, element.dtype), element.dtype, finite)


_MODEL_SHARE = 0.125


def _check_model(contract: Contract, case: Case, name: str, want: Array, model: Array, tolerance: Array) -> None:
    """Hold the passes against the reference: a drifted error model would bound the wrong function."""
    both = np.isfinite(want) & np.isfinite(model)
    apart = np.abs(want[both] - model[both]) > _MODEL_SHARE * tolerance[both] + 1e-14 * np.abs(want[both])
    if apart.any():
        element = int(np.flatnonzero(both)[np.argmax(apart)])
        raise ContractError(
            f"{contract.origin}: reference and passes of {contract.op} disagree for {name}[{element}] in {case.id}: "
            f"{want[element]!r} and {model[element]!r}"
        )
