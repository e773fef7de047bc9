"""The steps of a contract's error model."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from numbers import Real
from typing import Any

from harness.contract.functions import bound, calling_line, formula_of
from harness.errors import ContractError, perhaps
from harness.model import EachPass, Formula, MaxPass, Pass, SumPass
from harness.model.prototype import SCALAR_TYPES, ScalarType

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

    `roundings` is how many unit roundoffs u (half an ULP each) every term has behind it before it is added (1 for a
    product), or a function of the same arguments that says it term by term. With an `axis`, that dimension of the terms
    is added up and there is a sum for each element of the others. `accumulator` is the C type that is added up in,
    where that is not the narrowest of the outputs.

    Raises:
        ContractError: the accumulator is no floating-point type, or another argument is not what it should be.
    """
    what = _pass(name)
    if axis is not None and not isinstance(axis, int):
        raise ContractError(f"{what}: axis: {axis!r} is no number of a dimension", calling_line())
    return SumPass(name, formula_of(terms, what), _roundings(roundings, what), axis, _float_type(accumulator))


def _float_type(c_name: str) -> ScalarType | None:
    if not c_name:
        return None
    floats = {name: known for name, known in SCALAR_TYPES.items() if known.family == "float"}
    if c_name not in floats:
        text = f"accumulator: {c_name!r} is no floating-point type{perhaps(str(c_name), floats)}"
        raise ContractError(text, calling_line())
    return floats[c_name]


def max_of(name: str, values: Callable[..., Any], *, matters: bool = True) -> MaxPass:
    """A reduction to the largest of `values`; the largest of nothing is minus infinity.

    With `matters=False` it only scales the computation, and missing the largest by a little is no defect.
    """
    return MaxPass(name, formula_of(values, _pass(name)), matters)


def min_of(name: str, values: Callable[..., Any], *, matters: bool = True) -> MaxPass:
    """A reduction to the lowest of `values`; the lowest of nothing is infinity. `matters` is that of `max_of`."""
    return MaxPass(name, formula_of(values, _pass(name)), matters, is_lowest=True)


def each(
    name: str, formula: Callable[..., Any], *, roundings: Roundings, magnitude: Callable[..., Any] | None = None
) -> EachPass:
    """An element-wise step that yields the output `name`.

    `roundings` is the number of unit roundoffs u, half an ULP each, in evaluating `formula` once the results of earlier
    passes are known: 1 for each operation that rounds, 8 for a function that is right within 4 ULP. Approximate steps
    (reciprocal estimates, polynomials) are budgeted here. It may be a function of the same arguments.
    Where terms may cancel, `magnitude` says what the roundings are relative to, such as |a x| + |y| for a x + y; by
    default it is the result's own magnitude.
    """
    what = _pass(name)
    relative_to = None if magnitude is None else formula_of(magnitude, f"the magnitude of {what}")
    return EachPass(name, formula_of(formula, what), _roundings(roundings, what), relative_to)


def _pass(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise ContractError(f"{name!r} is no name of a pass", calling_line())
    return f"pass {name!r}"


def _roundings(roundings: object, what: str) -> float | Formula:
    if isinstance(roundings, Real):
        number = float(roundings)
        if not (math.isfinite(number) and number >= 0):
            raise ContractError(f"{what}: {roundings!r} is no number of roundings", calling_line())
        return number
    return formula_of(roundings, f"the roundings of {what}")


def bound_passes(passes: Sequence[Pass], op: str, inputs: Sequence[str], sizes: Sequence[str]) -> tuple[Pass, ...]:
    """Return the passes with their functions bound to what is known at each of them.

    That is what the op reads (`inputs`, its buffers and scalars), its sizes, and the results of earlier passes. To a
    function whose parameters have no telling names go the op's inputs, or the earlier results (which come first for a
    returned value); to one that says what roundings are, or are relative to, the arguments of the pass.

    Raises:
        ContractError: a function takes what is not known there, or two passes have one name.
    """
    results: list[str] = []
    found: list[Pass] = []
    for step in passes:
        if not isinstance(step, Pass):
            raise ContractError(
                f"passes: {step!r} is no pass; expected sum_of(...), max_of(...), min_of(...) or each(...)"
            )
        if step.name in results:
            raise ContractError(f"two passes are called {step.name!r}", step.formula.line)
        known = list(dict.fromkeys([*inputs, *sizes, *results]))

        def made(formula: Formula, *offered: Sequence[str], known: Sequence[str] = known) -> Formula:
            return replace(bound(formula, known, offered), what=f"{formula.what} of {op}")

        is_of_results = step.name == "return" and len(results) == len(inputs)
        formula = made(step.formula, *([] if is_of_results else [inputs]), *([results] if results else []))
        complete: Pass = replace(step, formula=formula)
        if not isinstance(complete, MaxPass) and isinstance(complete.roundings, Formula):
            complete = replace(complete, roundings=made(complete.roundings, formula.takes))
        if isinstance(complete, EachPass) and complete.magnitude is not None:
            complete = replace(complete, magnitude=made(complete.magnitude, formula.takes))
        found.append(complete)
        results.append(step.name)
    return tuple(found)
