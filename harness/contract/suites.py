"""Suites: named case matrices, what each is there for, and the cases that come of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.contract.entries import ByLanes, Entry, Sized
from harness.errors import ContractError
from harness.model import Allowed, CaseSpec, Contract, Placement, Suite
from harness.model.patterns import Sparse

SENSITIVITY, LONG, HUGE = "sensitivity", "long", "huge"


@dataclass(frozen=True, slots=True)
class Matrix:
    """The entries of a suite with what it is there for, see harness.model.Suite."""

    entries: tuple[Entry, ...]
    is_proving: bool = False
    is_in_one_build: bool = False
    is_on_request: bool = False

    @property
    def is_sparse(self) -> bool:
        """True if its rows are too long to be held."""
        return all(isinstance(entry, Sized) and isinstance(entry.pattern, Sparse) for entry in self.entries)


def suite(
    entries: Iterable[Entry], *, proves: bool = False, one_build: bool = False, on_request: bool = False
) -> Matrix:
    """A suite that says what it is there for: `suites={"mine": suite(every(1, 33), proves=True)}`.

    With `proves`, every element's part in the result has to show in its cases, and each run says whether it does. With
    `one_build` a single build per target and width runs it, `on_request` only `--suite`. Suites of sparse rows are on
    request always. A plain list of entries is a suite without any of it, unless it has the name of a standard suite.

    Raises:
        ContractError: the entries are no list of cases.
    """
    return Matrix(_listed("suite", entries), proves, one_build, on_request)


_STANDARD = {
    SENSITIVITY: Matrix((), is_proving=True),
    "visible": Matrix((), is_proving=True),  # what contracts of earlier versions call it
    LONG: Matrix((), is_proving=True, is_in_one_build=True),
    HUGE: Matrix((), is_on_request=True),
}
_RESERVED = ("gate", "size")
"""What the harness calls the one call without the ISA, and the cases of --size."""


def matrices_of(suites: object) -> dict[str, Matrix]:
    """Return every suite of a contract that names them, of generators, too.

    Raises:
        ContractError: a suite has a name that cannot be, no entries, or an entry that is no case.
    """
    if not isinstance(suites, Mapping):
        raise ContractError(
            f'suites: expected case matrices by name, as in {{"boundary": every(1, 33)}}, or standard(), not {suites!r}'
        )
    found: dict[str, Matrix] = {}
    for name, several in suites.items():
        if not isinstance(name, str) or not re.fullmatch(r"[^/,\n]+", name) or name in _RESERVED:
            why = "is that of a suite of the harness's own" if name in _RESERVED else "cannot hold / or a comma"
            raise ContractError(f"suites: the name {name!r} {why}")
        found[name] = _matrix(name, several)
        if not found[name].entries:
            raise ContractError(f"suite {name!r} has no cases; leave it out")
        for entry in found[name].entries:
            _check_entry(name, entry)
    return found


def _matrix(name: str, several: object) -> Matrix:
    if isinstance(several, Matrix):
        return several
    usual = _STANDARD.get(name, Matrix(()))
    return replace(usual, entries=_listed(f"suite {name!r}", several))


def _listed(what: str, several: object) -> tuple[Any, ...]:
    if isinstance(several, str) or not isinstance(several, Iterable):
        raise ContractError(f"{what}: {several!r} is no list of cases")
    return tuple(several)


def _check_entry(suite: str, entry: object) -> None:
    if not isinstance(entry, Sized | ByLanes | int) or isinstance(entry, bool):
        hint = "; put * in front of what makes several" if isinstance(entry, list | tuple) else ""
        raise ContractError(f"suite {suite!r}: {entry!r} is no size or case{hint}")


def expanded(contract: Contract, matrix: Matrix) -> Suite:
    """Return a suite, whose cases follow the number of lanes and what callers may pass."""
    checked: set[tuple[tuple[str, int], ...]] = set()

    def specs(lanes: int, allowed: Allowed) -> tuple[CaseSpec, ...]:
        found: list[CaseSpec] = []
        for entry in matrix.entries:
            for one in entry.entries(lanes, allowed) if isinstance(entry, ByLanes) else [entry]:
                found += _specs(contract, one if isinstance(one, Sized) else Sized(one), checked)
        return tuple(found)

    is_on_request = matrix.is_on_request or matrix.is_sparse
    return Suite(specs, matrix.is_proving, matrix.is_in_one_build, is_on_request)


def _specs(contract: Contract, entry: Sized, checked: set[tuple[tuple[str, int], ...]]) -> list[CaseSpec]:
    """Return the cases of one entry. `checked` holds the sizes that fit the contract; most come up at every width."""
    sizes = _named_sizes(contract, entry)
    if sizes not in checked:
        _check_sizes(contract, dict(sizes))
        checked.add(sizes)
    pattern = entry.pattern or contract.pattern
    if not entry.is_in_place:
        return [CaseSpec(sizes, pattern, entry.placement)]
    buffers = [parameter.name for parameter in contract.prototype.buffers]
    pairs = [(buffers.index(output), buffers.index(source)) for output, source in contract.in_place]
    return [CaseSpec(sizes, pattern, Placement(alias=(pair,))) for pair in pairs]


def _named_sizes(contract: Contract, entry: Sized) -> tuple[tuple[str, int], ...]:
    if isinstance(entry.sizes, Mapping):
        return tuple(entry.sizes.items())
    names = contract.size_names
    if len(names) != 1:
        what = f"{contract.op} has {len(names)} sizes; name them: sizes(m=..., n=...)"
        raise ContractError(what, contract.line)
    return ((names[0], entry.sizes),)


def _check_sizes(contract: Contract, by_name: Mapping[str, int]) -> None:
    names = contract.size_names
    if set(by_name) != set(names):
        what = f"{contract.op}: sizes are {', '.join(names)}, not {', '.join(by_name)}"
        raise ContractError(what, contract.line)
    for extent in contract.extents.values():
        try:
            extent.shape(by_name)
        except ContractError as error:  # rows that overlap
            raise ContractError(error.message, contract.line) from None
