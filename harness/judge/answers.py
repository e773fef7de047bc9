"""What the functions of contracts answer, as numbers, or a ContractError that says what was answered instead."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ContractError
from harness.model import Formula
from harness.model.guarded import guarded

_SIXTY_FOUR_BITS = 1 << 64


def exact_numbers(formula: Formula, known: Mapping[str, Any], during: str) -> NDArray[Any]:
    """Return what a reference or a pass answers: float64 or wider, or integers.

    Args:
        formula: the function.
        known: what it may take, by name.
        during: the id of the case.

    Raises:
        ContractError: it raised, left, or answered no real numbers, or numbers of less precision than float64.
    """
    found = numbers(formula, known, during)
    check_precision(formula, found, during)
    return found


def numbers(formula: Formula, known: Mapping[str, Any], during: str) -> NDArray[Any]:
    """Return what a function answers, of whatever precision.

    Raises:
        ContractError: it raised, left, or answered no real numbers.
    """
    with np.errstate(all="ignore"):  # infinities and NaN are answers; what it sets itself ends here
        answer = formula(known, during)
    return as_numbers(formula, answer, during)


def as_numbers(formula: Formula, answer: Any, during: str) -> NDArray[Any]:
    """Return an answer as an array: floats and integers of their own type, truth values as 0 and 1.

    Raises:
        ContractError: it is none.
    """
    if type(answer) in (np.ndarray, np.float64) and answer.dtype.kind in "fiu":
        found: NDArray[Any] = np.asarray(answer)
        return found
    if (reason := _why_none(answer)) is not None:
        raise _fault(formula, during, reason)
    array = guarded(lambda: np.asarray(answer), formula.what, formula.line, during)
    if array.dtype.kind in "fiu":
        return array
    if array.dtype.kind == "b":
        return array.astype(np.int64)
    if array.dtype.kind == "O" and all(isinstance(item, Real) for item in array.flat):
        return _of_objects(array)
    what = "complex numbers" if array.dtype.kind == "c" else f"an array of {array.dtype}"
    raise _fault(formula, during, f"returned {what}, where real numbers are due")


def _why_none(answer: Any) -> str | None:
    if answer is None:
        return "returned None: does it lack a return?"
    if isinstance(answer, GeneratorType | AsyncGeneratorType | CoroutineType):
        if isinstance(answer, CoroutineType):
            answer.close()  # else Python warns that nobody waited for it
        kind = "coroutine" if isinstance(answer, CoroutineType) else "generator"
        return f"returned a {kind}: it has to return an array; is it meant to be a plain function with a return?"
    if isinstance(answer, np.ma.MaskedArray):
        return "returned a masked array: say what stands in the masked elements (.filled(0))"
    if isinstance(answer, str | bytes | Mapping | set | frozenset) or callable(answer) or hasattr(answer, "__next__"):
        return f"returned {type(answer).__name__} {answer!r:.60}, where numbers are due"
    return None


def _of_objects(array: NDArray[Any]) -> NDArray[Any]:
    """Python's own numbers; of its integers those beyond 64 bits stay what they are."""
    if not array.size or not all(isinstance(item, Integral) for item in array.flat):
        return array.astype(np.float64)
    for dtype in (np.int64, np.uint64):
        ends = np.iinfo(dtype)
        if all(int(ends.min) <= int(item) <= int(ends.max) for item in array.flat):
            return array.astype(dtype)
    return array


def wrapped(array: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Return integers of any size in an integer type, to which they wrap around as C's unsigned ones do."""
    if array.dtype.kind == "O":
        array = np.array([int(item) % _SIXTY_FOUR_BITS for item in array.flat], np.uint64).reshape(array.shape)
    return array.astype(dtype)


def check_precision(formula: Formula, found: NDArray[Any], during: str) -> None:
    """Check that numbers were computed in float64 or more: their type tells.

    Raises:
        ContractError: they are of a narrower type.
    """
    if found.dtype.kind == "f" and found.dtype.itemsize < np.dtype(np.float64).itemsize:
        hint = "references compute in float64, which is what they are given"
        raise _fault(
            formula,
            during,
            f"returned {found.dtype}: {hint}; where the rounding belongs to the op, add .astype(np.float64)",
        )


def _fault(formula: Formula, during: str, reason: str) -> ContractError:
    when = f" for {during}" if during else ""
    return ContractError(f"{formula.what}{when} {reason}", formula.line)
