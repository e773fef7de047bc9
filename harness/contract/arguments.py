"""The plain arguments of `op`: numbers, names and suites, checked where they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from harness.contract.suites import ByLanes, Entry, Sized
from harness.errors import ContractError, perhaps
from harness.model import Flow, Number
from harness.model.prototype import Prototype, ScalarType

_RESERVED_SUITES = ("gate", "size")
"""What the harness calls the one call without the ISA, and the cases of --size."""


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


def entries_of(suites: object) -> dict[str, tuple[Entry, ...]]:
    """Return the entries of every suite, of generators, too.

    Raises:
        ContractError: a suite has a name that cannot be, no entries, or an entry that is none.
    """
    if not isinstance(suites, Mapping):
        raise ContractError(
            f'suites: expected case matrices by name, as in {{"boundary": every(1, 33)}}, not {suites!r}'
        )
    found: dict[str, tuple[Entry, ...]] = {}
    for name, several in suites.items():
        if not isinstance(name, str) or not re.fullmatch(r"[^/,\n]+", name) or name in _RESERVED_SUITES:
            why = "is that of a suite of the harness's own" if name in _RESERVED_SUITES else "cannot hold / or a comma"
            raise ContractError(f"suites: the name {name!r} {why}")
        if isinstance(several, str) or not isinstance(several, Iterable):
            raise ContractError(f"suite {name!r}: {several!r} is no list of cases")
        found[name] = tuple(several)
        if not found[name]:
            raise ContractError(f"suite {name!r} has no cases; leave it out")
        for entry in found[name]:
            _check_entry(name, entry)
    return found


def _check_entry(suite: str, entry: object) -> None:
    if not isinstance(entry, Sized | ByLanes | int) or isinstance(entry, bool):
        hint = "; put * in front of what makes several" if isinstance(entry, list | tuple) else ""
        raise ContractError(f"suite {suite!r}: {entry!r} is no size or case{hint}")
