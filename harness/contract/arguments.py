"""The plain arguments of `op`: numbers, names and bounds, checked where they are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from harness.errors import ContractError, perhaps
from harness.model import Flow, Number
from harness.model.prototype import Prototype, ScalarType


def scalar_values(prototype: Prototype, name: str, value: object) -> tuple[Number, ...]:
    """Return the values of a scalar argument.

    Raises:
        ContractError: it is no scalar parameter, or a value is no number, or none of its type.
    """
    by_name = {p.name: p for p in prototype.parameters}
    if name not in by_name or by_name[name].is_pointer:
        raise ContractError(f"scalars: {name!r} is no scalar parameter{perhaps(name, by_name)}")
    is_several = isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)
    several = tuple(value) if is_several and isinstance(value, Iterable) else (value,)
    if not several or not all(isinstance(item, Real) for item in several):
        raise ContractError(f"scalars: {name!r} needs a number or a list of numbers, not {value!r}")
    return tuple(_scalar(name, by_name[name].type, item) for item in several)


def _scalar(name: str, element: ScalarType, value: Any) -> Number:
    if element.family == "float":
        number = int(value) if isinstance(value, Integral) else float(value)
        try:
            element.raw_bits(number)
        except OverflowError:
            raise ContractError(f"scalars: {name!r}: {value!r} is too large for {element.c_name}") from None
        return number
    ends = element.integer_range
    if not isinstance(value, Integral) or not ends[0] <= int(value) <= ends[1]:
        raise ContractError(f"scalars: {name!r}: {value!r} is no {element.c_name}, which has {ends[0]} to {ends[1]}")
    return int(value)


def ranges_of(prototype: Prototype, ranges: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Return the bounds of outputs.

    Raises:
        ContractError: a name is no buffer, or what it has is no lower and upper bound.
    """
    known = [*(p.name for p in prototype.buffers), *(["return"] if prototype.result else [])]
    for name, bounds in ranges.items():
        if name not in known:
            raise ContractError(f"ranges: {name!r} is no output{perhaps(name, known)}")
        is_pair = isinstance(bounds, Sequence) and len(bounds) == 2 and all(isinstance(one, Real) for one in bounds)
        if not is_pair or not bounds[0] <= bounds[1]:
            raise ContractError(f"ranges: {name!r} needs a lower and an upper bound, as in (0, 1), not {bounds!r}")
    return {name: (bounds[0], bounds[1]) for name, bounds in ranges.items()}


def in_place_of(flows: Mapping[str, Flow], pairs: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    """Return the pairs (output, input) of buffers that may be one.

    Raises:
        ContractError: something is no such pair.
    """
    found: list[tuple[str, str]] = []
    for pair in pairs:
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise ContractError(f'in_place: {pair!r} is no pair of an output and an input, such as ("out", "x")')
        for name, flow, what in zip(pair, (Flow.OUT, Flow.IN), ("output", "input"), strict=True):
            if name not in flows:
                raise ContractError(f"in_place: {name!r} is no buffer{perhaps(str(name), flows)}")
            if flows[name] is not flow:
                raise ContractError(f"in_place: {name!r} is in none of the {what}s; a pair is (output, input)")
        found.append((pair[0], pair[1]))
    return tuple(found)
