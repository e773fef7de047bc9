"""The steps of a contract's error model."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from harness.errors import ContractError, perhaps
from harness.model import EachPass, MaxPass, SumPass
from harness.prototype import SCALAR_TYPES, ScalarType

Roundings = float | Callable[..., Any]


def sum_of(
    name: str,
    terms: Callable[..., Any],
    *,
    roundings: Roundings = 1.0,
    axis: int | None = None,
    accumulator: str = "",
) -> SumPass:
    """A reduction by addition, in any order, of `terms`, an array expression of inputs and earlier passes.

    `roundings` is how many unit roundoffs each term has behind it before it is added (1 for a product), or a function
    of the same arguments that says it term by term. With an `axis`, that dimension of the terms is added up and there
    is a sum for each place in the others. `accumulator` is the C type that is added up in, where that is not the
    narrowest of the outputs.

    Raises:
        ContractError: the accumulator is no floating-point type.
    """
    return SumPass(name, terms, roundings, parameters_of(terms), axis, _float_type(accumulator))


def _float_type(c_name: str) -> ScalarType | None:
    if not c_name:
        return None
    floats = {name: known for name, known in SCALAR_TYPES.items() if known.family == "float"}
    if c_name not in floats:
        raise ContractError(f"accumulator: {c_name!r} is no floating-point type{perhaps(c_name, floats)}")
    return floats[c_name]


def max_of(name: str, values: Callable[..., Any], *, matters: bool = True) -> MaxPass:
    """A reduction to the largest of `values`; the largest of nothing is minus infinity.

    With `matters=False` it only scales the computation, and missing the largest by a little is no defect.
    """
    return MaxPass(name, values, matters, parameters_of(values))


def each(
    name: str, formula: Callable[..., Any], *, roundings: Roundings, magnitude: Callable[..., Any] | None = None
) -> EachPass:
    """An element-wise step that yields the output `name`.

    `roundings` is the number of unit roundoffs in evaluating `formula` once the results of earlier passes are given;
    approximate steps (reciprocal estimates, polynomials) are budgeted here. It may be a function of the same arguments.
    Where terms may cancel, `magnitude` says what the roundings are relative to, such as |a x| + |y| for a x + y; by
    default it is the result's own magnitude.
    """
    return EachPass(name, formula, roundings, magnitude, parameters_of(formula))


def parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names that a function of a contract takes, by which it gets its arguments.

    Raises:
        ContractError: it is no function, or its parameters have no names.
    """
    try:
        return tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        raise ContractError(f"{function!r} must be a function whose parameters have names") from None
