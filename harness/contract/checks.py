"""What must hold between the parts of a contract, checked where it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.contract.suites import ByLanes, Entry, Sized
from harness.errors import ContractError, perhaps
from harness.model import HUGE_SUITE, SPECIAL_FLOATS, SPECIAL_INTEGERS, Contract, Flow, Pattern


def check(contract: Contract, suites: Mapping[str, Sequence[Entry]]) -> None:
    """Hold the parts of a contract against one another, and the entries of its suites against its sizes.

    Raises:
        ContractError: they do not fit; the message names what does not.
    """
    _check_scalars(contract)
    _check_passes(contract)
    _check_conventions(contract)
    _check_pattern(contract, "pattern", contract.pattern)
    for name, entries in suites.items():
        _check_entries(contract, name, entries)


def _check_scalars(contract: Contract) -> None:
    by_name = {p.name: p for p in contract.prototype.parameters}
    for name in contract.scalars:
        if name not in by_name or by_name[name].is_pointer:
            raise ContractError(f"scalars: {name!r} is no scalar parameter{perhaps(name, by_name)}")
    for name in contract.size_names:
        if by_name[name].type.family == "float":
            raise ContractError(f"the argument {name!r} needs values: scalars={{{name!r}: [...]}}")


def _check_passes(contract: Contract) -> None:
    known = {p.name for p in contract.prototype.parameters}
    for name in contract.reference_takes:
        if name not in known:
            raise ContractError(f"reference takes {name!r}, which is no parameter{perhaps(name, known)}")
    for step in contract.passes:
        for name in step.takes:
            if name not in known:
                raise ContractError(
                    f"pass {step.name!r} takes {name!r}, which is not known there{perhaps(name, known)}"
                )
        known.add(step.name)
    missing = set(contract.output_names) - {step.name for step in contract.passes}
    if missing and not contract.tolerances:
        raise ContractError(f"no pass yields the output {sorted(missing)[0]!r}")


def _check_conventions(contract: Contract) -> None:
    for what, names in (
        ("ranges", [name for name in contract.ranges if name != "return"]),
        ("in_place", [name for pair in contract.in_place for name in pair]),
    ):
        for name in names:
            if name not in contract.flows:
                raise ContractError(f"{what}: {name!r} is no buffer{perhaps(name, contract.flows)}")


def _check_entries(contract: Contract, suite: str, entries: Sequence[Entry]) -> None:
    names = contract.size_names
    for entry in (one for each in entries for one in _at_some_lanes(each)):
        sized = entry.sizes if isinstance(entry, Sized) else entry
        if isinstance(sized, Mapping):
            if set(sized) != set(names):
                raise ContractError(f"suite {suite!r}: sizes are {', '.join(names)}, not {', '.join(sized)}")
        elif not isinstance(sized, int):
            raise ContractError(f"suite {suite!r}: {entry!r} is no size")
        elif len(names) != 1:
            raise ContractError(
                f"suite {suite!r}: {contract.op} has {len(names)} sizes; name them: sizes(m=..., n=...)"
            )
        if isinstance(sized, int) and sized < 0:
            raise ContractError(f"suite {suite!r}: the size {sized} is negative")
        if isinstance(entry, Sized) and entry.pattern is not None:
            _check_pattern(contract, f"suite {suite!r}", entry.pattern)
        if _is_sparse(entry) != (suite == HUGE_SUITE):
            raise ContractError(f"suite {suite!r}: sparse(...) is for the suite {HUGE_SUITE!r}, and nothing else is")
        if suite == HUGE_SUITE:
            _check_sparse(contract)


_OF_INTEGERS = {"uniform": "integers(...)", "extremes": "extremes()"}


def _check_pattern(contract: Contract, where: str, pattern: object) -> None:
    """A pattern says something of a buffer that is read: else rows would be drawn as if it were not there."""
    if not isinstance(pattern, Pattern):
        raise ContractError(f"{where}: {pattern!r} is no pattern; expected normal(), loud(1, 2) or another")
    for name in pattern.buffers:
        if name not in contract.flows:
            raise ContractError(f"{where}: loud: {name!r} is no buffer{perhaps(name, contract.flows)}")
    read = [p for p in contract.prototype.buffers if contract.flows[p.name] is not Flow.OUT]
    kinds = {"float" if parameter.type.family == "float" else "integer" for parameter in read}
    if pattern.kind in _OF_INTEGERS and "integer" not in kinds:
        raise ContractError(f"{where}: {_OF_INTEGERS[pattern.kind]} is for integers, and {contract.op} reads none")
    if pattern.kind == "special":
        known = [name for kind in sorted(kinds) for name in _SPECIALS[kind]]
        if pattern.value not in known:
            raise ContractError(
                f"{where}: special_values: {contract.op} reads no numbers that {pattern.value!r} is one of"
                f"{perhaps(pattern.value, known)}; known: {', '.join(known)}"
            )


_SPECIALS = {"float": SPECIAL_FLOATS, "integer": SPECIAL_INTEGERS}
_SOME_LANES = 4


def _at_some_lanes(entry: Entry) -> Sequence[Entry]:
    return list[Entry](entry.entries(_SOME_LANES)) if isinstance(entry, ByLanes) else [entry]


def _is_sparse(entry: Entry) -> bool:
    return isinstance(entry, Sized) and entry.pattern is not None and bool(entry.pattern.sites)


def _check_sparse(contract: Contract) -> None:
    """All buffers of a sparse case have their loud elements at the same places, so they are equally long.

    What is due there comes from the passes: no reference is evaluated on such a row.
    """
    if not contract.passes:
        raise ContractError(f"suite {HUGE_SUITE!r} needs passes, for a row that no reference is evaluated on")
    if len(contract.size_names) != 1:
        raise ContractError(f"suite {HUGE_SUITE!r}: {contract.op} has {len(contract.size_names)} sizes, not one")
    (name,) = contract.size_names
    for buffer, extent in contract.extents.items():
        if any(extent.count({name: size}) != size for size in (0, 7, 1 << 31)):
            raise ContractError(f"suite {HUGE_SUITE!r}: {buffer}[{extent.text}] is not {name} elements long")
