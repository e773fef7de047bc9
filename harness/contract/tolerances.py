"""Tolerances by name or as a function, for contracts without an error model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from harness.contract.functions import bound, formula_of
from harness.errors import ContractError, perhaps
from harness.model import Contract, Tolerance

WANT = "want"
"""What a function of a tolerance calls the reference's result."""

Chosen = Tolerance | Callable[..., Any]


def exact(*, ties: Literal["even", "any"] = "even") -> Tolerance:
    """The reference's result, rounded to nearest in the output's format; NaN for NaN, and zeros of either sign alike.

    A result in the middle of two numbers rounds to the even one, as IEEE 754 has it by default. With `ties="any"`
    either neighbour is right there, and a reference for an integer output may leave the rounding to the harness.

    Raises:
        ContractError: `ties` is neither of the two.
    """
    if ties not in ("even", "any"):
        raise ContractError(f"exact: ties={ties!r}; expected 'even' or 'any'")
    return Tolerance("exact" if ties == "even" else "exact, ties either way", ties=ties)


def ulp(n: float) -> Tolerance:
    """At most `n` units in the last place of the output's format, at the reference's result."""
    return Tolerance(f"{n:g} ULP", ulps=_not_negative("ulp", n))


def absolute(a: float, *, relative: float = 0.0) -> Tolerance:
    """At most a + relative * |result|."""
    text = f"{a:g}" + (f" + {relative:g} |result|" if relative else "")
    return Tolerance(text, absolute=_not_negative("absolute", a), relative=_not_negative("relative", relative))


def sqrt_n(c: float, terms: str) -> Tolerance:
    """At most c * sqrt(n) * u * |result|, with n the size called `terms` and u the unit roundoff of the output.

    Of sums of one sign a correct kernel stays well within c = 4. Where terms cancel, the error is relative to the sum
    of their magnitudes and not to the result: correct kernels are accused then. On long rows it is nearly vacuous: a
    term of a million is smaller than what it lets pass. `passes` have neither fault.
    """
    return Tolerance(f"{c:g} sqrt({terms}) u |result|", sqrt_n=_not_negative("sqrt_n", c), terms=terms)


def tolerances_of(
    contract: Contract, chosen: Chosen | Mapping[str, Chosen] | None, inputs: Sequence[str]
) -> dict[str, Tolerance]:
    """Return the tolerance of each output. `inputs` are the buffers and scalars that the op reads.

    Raises:
        ContractError: an output has none, or what was chosen is no tolerance, or names no output or size.
    """
    if chosen is None:
        return {}
    outputs = contract.output_names
    by_output = dict(chosen) if isinstance(chosen, Mapping) else dict.fromkeys(outputs, chosen)
    for name in by_output:
        if name not in outputs:
            raise ContractError(f"tolerance: {name!r} is no output{perhaps(name, outputs)}")
    for name in outputs:
        if name not in by_output:
            raise ContractError(f"tolerance: the output {name!r} has none")
    return {name: _checked(contract, one, inputs) for name, one in by_output.items()}


def _checked(contract: Contract, chosen: Chosen, inputs: Sequence[str]) -> Tolerance:
    if not isinstance(chosen, Tolerance):
        if chosen in (exact, ulp, absolute, sqrt_n):
            raise ContractError(f"tolerance: {chosen.__name__} has to be called: tolerance={chosen.__name__}(...)")
        if not callable(chosen):
            raise ContractError(f"tolerance: {chosen!r} is no tolerance; expected exact(), ulp(4) or a function")
        function = bound(formula_of(chosen, "the tolerance"), [*inputs, *contract.size_names, WANT], [[WANT]])
        return Tolerance("a function", function=replace(function, what=f"the tolerance of {contract.op}"))
    if chosen.terms and chosen.terms not in contract.size_names:
        raise ContractError(f"sqrt_n: {chosen.terms!r} is no size{perhaps(chosen.terms, contract.size_names)}")
    return chosen


def _not_negative(what: str, amount: float) -> float:
    if not amount >= 0:
        raise ContractError(f"{what}: a tolerance cannot be {amount!r}")
    return amount
