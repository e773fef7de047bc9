"""Per-element tolerances, derived from a contract's passes by rounding-error analysis.

Notation: u is the unit roundoff of the output's format (2**-24 for float32), n the number of a sum's terms that are not
zero in that format, r the roundings that each term has behind it before it is added, k = n + r.

*Sums.* Whatever the order of summation, the computed sum differs from the exact one by at most E * sum(|t_i|):

- worst case, E = gamma_k = k u / (1 - k u)   (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., 2002,
  equation 4.6 and lemma 3.1);
- if rounding errors are random with mean zero, E = exp(lambda sqrt(k) u + k u**2 / (1 - u)) - 1 with probability at
  least 1 - 2 k exp(-lambda**2 (1 - u)**2 / 2)   (Higham and Mary, *A New Approach to Probabilistic Rounding Error
  Analysis*, SIAM J. Sci. Comput. 41(5), 2019, theorems 2.4 and 3.1). This is the sqrt(n)-scaled tolerance.

Adding an exact zero rounds nothing, which is why n counts no zeros; each term, even the smallest, may be off by a
subnormal.
Lambda follows from the probability that a correct kernel is accused, FALSE_ALARM = 1e-9 per sum. The smaller bound is
used; rows whose rounding errors may all have one sign (`is_directed` of their pattern: all equal, sorted) get the
worst-case bound only.

*Directed rounding.* A contract that says `rounding="directed"` gets 2 u for u, since truncation errs by up to a whole
unit, and the worst-case bound only, since all errors may have one sign (Higham, section 2.1).

*Steps.* An element-wise formula f that takes a sum s known to +-b contributes max(|f(s + b) - f|, |f(s - b) - f|)
and r u |f| of its own. A floor of (r + 1) smallest subnormals covers underflow, where relative bounds end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ContractError
from harness.judge.answers import exact_numbers, numbers
from harness.model import Array, Contract, EachPass, Formula, MaxPass, Rounding, SumPass
from harness.model.prototype import BF16, ScalarType
from harness.numerics.formats import limits

FALSE_ALARM = 1e-9
"""Probability, per sum, that rounding alone leads a correct kernel out of its tolerance."""


@cache
def unit_roundoff(element: ScalarType) -> float:
    """Half the distance between 1 and the next number; 0 for integers, which do not round."""
    return limits(element.number_format).epsilon / 2 if element.family == "float" else 0.0


def sum_error(terms: int, roundings: float, unit: float, *, directed: bool) -> float:
    """Return E of the module's docstring for `terms` non-zero terms."""
    k = terms + roundings
    if k * unit >= 1:
        return math.inf
    worst_case = k * unit / (1 - k * unit)
    if directed or terms == 0:
        return worst_case
    return min(worst_case, math.expm1(confidence(k) * math.sqrt(k) * unit + k * unit * unit / (1 - unit)))


def confidence(k: float) -> float:
    """Return lambda such that 2 k exp(-lambda**2 / 2) = FALSE_ALARM."""
    return math.sqrt(2 * math.log(2 * k / FALSE_ALARM))


@dataclass(frozen=True, slots=True)
class Steps:
    """What the passes come to: every result by name with the bound of its error, in float64."""

    values: Mapping[str, Any]
    bounds: Mapping[str, Any]


def propagate(
    contract: Contract,
    values: Mapping[str, Any],
    units: Mapping[str, float],
    *,
    directed: bool,
    during: str = "",
    overflow_at: float = math.inf,
    weights: Array | None = None,
) -> Steps:
    """Evaluate the passes on float64 `values` (inputs, sizes and scalars by name).

    `units` has the unit roundoff by output name; sums use the largest, that of the narrowest format. A sum beyond
    `overflow_at` becomes infinite, as it does in a kernel that adds up in that format. `weights` says how many
    elements of a sparse row each element of its arrays stands for. `during` is the id of the case, for messages.

    Raises:
        ContractError: a pass raises, or yields something that is no array of numbers.
    """
    known = dict(values)
    bounds: dict[str, Any] = {}
    unit = max(units.values(), default=0.0)
    for step in contract.passes:
        at = _At(step.formula, known, bounds, during)
        try:
            if isinstance(step, SumPass):
                value, bound = _sum(step, at, _unit_of(step, unit, contract), directed, weights)
                beyond = np.abs(value) > overflow_at
                if np.any(beyond):
                    value, bound = np.where(beyond, np.copysign(np.inf, value), value), np.where(beyond, 0.0, bound)
            elif isinstance(step, MaxPass):
                value, bound = _extreme(step, at)
            else:
                value, bound = _each(step, at, units.get(step.name, unit))
        except ContractError:
            raise
        except Exception as error:  # its answers do not fit together
            text = f"{step.formula.what}: {type(error).__name__} for {during}: {error}"
            raise ContractError(text, step.formula.line) from None
        # An output may have the name of an input: what later passes see is the newest.
        known[step.name], bounds[step.name] = value, bound
    return Steps(known, bounds)


@dataclass(frozen=True, slots=True)
class _At:
    """A pass with what is known there."""

    formula: Formula
    known: Mapping[str, Any]
    bounds: Mapping[str, Any]
    during: str

    def value(self) -> Array:
        """Return what its formula yields."""
        return self.changed({})

    def changed(self, changes: Mapping[str, Any]) -> Array:
        """Return the same with other results of earlier passes."""
        return exact_numbers(self.formula, {**self.known, **changes}, self.during).astype(np.float64, copy=False)

    def bound_of(self, formula: Formula) -> Any:
        """Return what a function of known results says of bounds, which are not negative.

        Raises:
            ContractError: some are.
        """
        found = numbers(formula, self.known, self.during).astype(np.float64, copy=False)
        if (found < 0).any():
            hint = "; take its magnitude, abs(...)" if "magnitude" in formula.what else ""
            text = f"{formula.what} come to {found.min():g} for {self.during}, and cannot be negative{hint}"
            raise ContractError(text, formula.line)
        return found


def _unit_of(step: SumPass, unit: float, contract: Contract) -> float:
    if step.accumulator is None:
        return unit
    return unit_roundoff(step.accumulator) * (2 if contract.rounding is Rounding.DIRECTED else 1)


def _sum(step: SumPass, at: _At, unit: float, directed: bool, weights: Array | None) -> tuple[Any, Any]:
    def added(terms: NDArray[Any]) -> Any:
        return np.add.reduce(terms if weights is None else terms * weights, axis=step.axis)

    def error(roundings: float) -> Any:
        if step.axis is None:
            return sum_error(int(count), roundings, unit, directed=directed)
        counts, of_each = np.unique(count, return_inverse=True)  # each place in the other dimensions has its own sum
        errors = [sum_error(int(terms), roundings, unit, directed=directed) for terms in counts]
        return np.array(errors)[of_each].reshape(np.shape(count)) if errors else np.zeros(np.shape(count))

    terms = at.value()
    _check_terms(step, terms, weights, at.during)
    value = added(terms)
    sizes = np.abs(terms)
    subnormal = _SMALLEST_SUBNORMAL.get(unit, 0.0)
    count = added(sizes > subnormal / 2)
    if isinstance(step.roundings, Formula):
        own = unit * added(at.bound_of(step.roundings) * sizes)
        bound = own + error(0) * added(sizes)
    else:
        bound = error(step.roundings) * added(sizes)
    bound += added(sizes > 0) * subnormal
    return value, bound + _inherited(lambda changes: added(at.changed(changes)), at, value)


def _check_terms(step: SumPass, terms: Array, weights: Array | None, during: str) -> None:
    """An array is added up, along one of its dimensions or as a whole."""
    what = f"{step.formula.what} yields terms of shape {terms.shape} for {during}"
    if terms.ndim == 0:
        raise ContractError(f"{what}, one number: there is nothing to add up", step.formula.line)
    if step.axis is not None and not -terms.ndim <= step.axis < terms.ndim:
        raise ContractError(f"{what}, which have no axis {step.axis}", step.formula.line)
    if weights is not None and terms.shape != weights.shape:
        raise ContractError(f"{what}, which is not one for each element of the row", step.formula.line)


def _extreme(step: MaxPass, at: _At) -> tuple[Any, Any]:
    def extreme(values: Array) -> Any:
        if step.is_lowest:
            return np.minimum.reduce(values, axis=None, initial=np.inf)
        return np.maximum.reduce(values, axis=None, initial=-np.inf)

    value = extreme(at.value())
    return value, _inherited(lambda changes: extreme(at.changed(changes)), at, value)


def _each(step: EachPass, at: _At, unit: float) -> tuple[Array, Array]:
    value = at.value()
    roundings = at.bound_of(step.roundings) if isinstance(step.roundings, Formula) else step.roundings
    magnitude = np.abs(value) if step.magnitude is None else at.bound_of(step.magnitude)
    own = magnitude * (roundings * unit)
    if isinstance(step.roundings, Formula) or step.roundings:
        own = own + (roundings + 1) * _SMALLEST_SUBNORMAL.get(unit, 0.0)
    return value, own + _inherited(at.changed, at, value)


# By unit: half a unit in the last place of 1 where an op rounds to nearest, a whole one where it truncates.
_SMALLEST_SUBNORMAL = {
    limits(name).epsilon / halves: limits(name).smallest_subnormal
    for name in (BF16, "<f2", "<f4", "<f8")
    for halves in (1, 2)
}


def _inherited(evaluate: Callable[[Mapping[str, Any]], Any], at: _At, value: Any) -> Any:
    """Return how far the bounds of earlier passes can move a result, each moved to both of its ends."""
    moved: Any = 0.0
    for name in at.formula.takes:
        bound = at.bounds.get(name)
        is_exact = bound is None or (isinstance(bound, float) and bound == 0.0)  # an input, or an exact pass
        if not is_exact:
            up = np.abs(evaluate({name: at.known[name] + bound}) - value)
            down = np.abs(evaluate({name: at.known[name] - bound}) - value)
            moved = moved + np.fmax(up, down)  # an infinite sum less its infinite bound says nothing
    return moved
