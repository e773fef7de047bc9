"""References that are no numbers where numbers are due: right kernels would be accused, and wrong ones pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ContractError
from harness.model import Array, Formula


@dataclass(frozen=True, slots=True)
class Due:
    """What is due in one output of a case."""

    reference: Formula
    output: str
    largest: float
    """The largest number of the output's format: beyond it, infinity is right."""
    during: str
    """The id of the case."""


def check_finite(
    due: Due,
    want: NDArray[Any],
    model: Array | None,
    values: Mapping[str, Any],
    wider: Callable[[], NDArray[Any] | None],
) -> None:
    """Check that where inputs are finite, reference and passes are so together.

    Where both are not, or there are no passes, the reference is evaluated on wider numbers than float64. What is finite
    there was lost on the way: an exponential that overflows before it is divided by another one.

    Args:
        due: the output and the case.
        want: what the reference yields.
        model: what the passes come to, where there are any.
        values: what the kernel gets, by name.
        wider: returns what the reference yields in wider numbers, or None where it cannot be had.

    Raises:
        ContractError: one of them is NaN or infinite where the other is a number.
    """
    is_lost = ~np.isfinite(want)
    is_open = np.zeros(want.shape, bool) if model is None else ~np.isfinite(model)
    if not (is_lost.any() or is_open.any()) or not _are_finite(values):
        return
    if model is not None:
        _raise_where(due, is_lost & (np.abs(model) <= due.largest), want, model, "the passes come to")
        if (is_open & ~is_lost).any():
            element = int((is_open & ~is_lost).argmax())
            raise ContractError(
                f"the passes of {_op(due)} come to {model[element]:g} for {due.output}[{element}] in {due.during}, "
                f"where inputs are finite and the reference yields {want[element]:.9g}: no tolerance follows from that",
                due.reference.line,
            )
    again = wider() if is_lost.any() else None
    if again is not None:
        # A double that overflows on the way does so in kernels, too: infinity is what both come to.
        is_double = due.largest >= float(np.finfo(np.float64).max)
        found = again.astype(np.float64)
        is_wrong = (np.isnan(want) if is_double else is_lost) & (np.abs(found) <= due.largest)
        _raise_where(due, is_wrong, want, found, "it overflows on the way, since in wider numbers it yields")


def _are_finite(values: Mapping[str, Any]) -> bool:
    return all(np.isfinite(value).all() for value in values.values())


def _op(due: Due) -> str:
    return due.reference.what.rpartition(" ")[2]


def _raise_where(due: Due, is_wrong: NDArray[np.bool_], want: NDArray[Any], other: Array, what: str) -> None:
    if is_wrong.any():
        element = int(is_wrong.argmax())
        raise ContractError(
            f"{due.reference.what} yields {want[element]:g} for {due.output}[{element}] in {due.during}, where inputs "
            f"are finite and {what} {other[element]:.9g}; compute it without overflow or division of zero by zero",
            due.reference.line,
        )
