"""Sizes that callers may pass: cases about values and addresses take the next one instead of being left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from harness.errors import ContractError
from harness.model import ANYWHERE, Allowed, CaseSpec, Contract, Conventions, Pattern
from harness.model.patterns import Dominant, Special, without_positions

_SEARCH = 4096
"""How far from the size that was wanted one is looked for."""
_SEARCH_SEVERAL = 512
"""The same where several sizes are tried in turn."""
_FIXED_BITS = 128
"""The vector length that requirements see where the code has none: a power of two, and small."""
_NOTHING = (0, 0)

Sizes = Mapping[str, int]


def holds(conventions: Conventions, sizes: Sequence[tuple[str, int]], vector_bits: int | None) -> bool:
    """Return whether callers may pass these sizes at a width."""
    known = {**dict(sizes), "vector_bits": vector_bits or _FIXED_BITS}
    return all(requirement.holds(known) for requirement in conventions.requires)


class Promised(Allowed):
    """The sizes that conventions leave at a width."""

    def __init__(self, contract: Contract, conventions: Conventions, vector_bits: int | None) -> None:
        """Start without an answer; each is worked out once."""
        self._contract = contract
        self._requires = conventions.requires
        self._vector_bits = vector_bits or _FIXED_BITS
        self._known: dict[tuple[tuple[str, int], ...], Sizes] = {}

    def size(self, wanted: int) -> int:
        """Return the next larger size that may be passed, else the next smaller one, else the one wanted."""
        names = self._contract.size_names
        return self.sizes({names[0]: wanted})[names[0]] if len(names) == 1 else wanted

    def sizes(self, wanted: Sizes) -> Sizes:
        """Return sizes near the ones wanted that may be passed, else those."""
        key = tuple(wanted.items())
        if key not in self._known:
            self._known[key] = self._nearest(wanted)
        return self._known[key]

    def may_pass(self, sizes: Sizes) -> bool:
        """Return whether callers may pass these sizes."""
        return self._broken(sizes) == _NOTHING

    def _nearest(self, wanted: Sizes) -> Sizes:
        known = {**wanted, "vector_bits": self._vector_bits}
        for requirement in self._requires:
            if not requirement.holds(known) and not any(name in requirement.names for name in wanted):
                return wanted  # it is about the vector length
        if len(wanted) == 1:
            ((name, size),) = wanted.items()
            others = ({name: other} for other in _outwards(size))
            return next((sizes for sizes in others if self.may_pass(sizes)), wanted)
        return self._one_at_a_time(wanted)

    def _one_at_a_time(self, wanted: Sizes) -> Sizes:
        """Change one of several sizes at a time, each time to the nearest that leaves fewer promises broken."""
        found, broken = dict(wanted), self._broken(wanted)
        while broken != _NOTHING:
            better = next((sizes for sizes in self._neighbours(found) if self._broken(sizes) < broken), None)
            if better is None:
                return wanted
            found, broken = better, self._broken(better)
        return found

    def _broken(self, sizes: Sizes) -> tuple[int, int]:
        """Count requirements that do not hold, and arrays whose rows would overlap."""
        known = {**sizes, "vector_bits": self._vector_bits}
        overlapping = 0
        for extent in self._contract.extents.values():
            try:
                extent.shape(sizes)
            except ContractError:
                overlapping += 1
        return sum(not requirement.holds(known) for requirement in self._requires), overlapping

    def _neighbours(self, sizes: dict[str, int]) -> Iterator[dict[str, int]]:
        names = [name for name in sizes if self._matters(name, sizes)]
        for direction in (1, -1):
            for distance in range(1, _SEARCH_SEVERAL + 1):
                for name in names:
                    number = sizes[name] + direction * distance
                    if number > 0:
                        yield {**sizes, name: number}
        for name in names:  # such as m == n
            yield from ({**sizes, name: other} for other in sizes.values())

    def _matters(self, name: str, sizes: Sizes) -> bool:
        """Whether a broken requirement is about a size; of rows that overlap, any may be."""
        known = {**sizes, "vector_bits": self._vector_bits}
        failing = [requirement for requirement in self._requires if not requirement.holds(known)]
        return not failing or any(name in requirement.names for requirement in failing)


def _outwards(size: int) -> Iterator[int]:
    """Yield sizes to try: the next larger ones, the next smaller ones, and those below a half, a quarter and so on."""
    yield from range(size, size + _SEARCH)
    while size:
        yield from range(size - 1, max(0, size - _SEARCH), -1)
        size //= 2


def kind_of(spec: CaseSpec) -> tuple[Pattern, bool]:
    """Return what tells kinds of rows apart: the pattern without positions, and whether the address is what matters."""
    return without_positions(spec.pattern), spec.placement != ANYWHERE


def adapted(contract: Contract, name: str, specs: Sequence[CaseSpec], allowed: Promised) -> list[CaseSpec]:
    """Move rows to sizes that may be passed where no row of their kind would be left in the suite.

    Rows that are about their size stay as they are: those of the contract's own pattern, and of suites whose rows
    are of no use at another size. The order stays, so that a case has the same scalars whatever else may not be passed.
    """
    suite = contract.suites[name]
    if suite.is_proving or suite.is_on_request:
        return list(specs)
    left = {kind_of(spec) for spec in specs if allowed.may_pass(dict(spec.sizes))}
    found: dict[CaseSpec, None] = {}
    result: list[CaseSpec] = []
    for spec in specs:
        may_stay = spec.pattern is contract.pattern or kind_of(spec) in left
        moved = spec if may_stay else _moved(spec, allowed)
        result.append(spec if not may_stay and moved in found else moved)
        found[moved] = None
    return result


def _moved(spec: CaseSpec, allowed: Promised) -> CaseSpec:
    """Give a row the size nearest to its own that may be passed; a single dominant element stays the last one."""
    sizes = tuple(allowed.sizes(dict(spec.sizes)).items())
    pattern = spec.pattern
    before, now = (max((size for _, size in several), default=0) for several in (spec.sizes, sizes))
    if isinstance(pattern, Dominant) and pattern.parts == before > 2:
        pattern = replace(pattern, part=now - 1, parts=now)
    return replace(spec, sizes=sizes, pattern=pattern)


def ruled_out_of(suite: str, specs: Sequence[CaseSpec], allowed: Promised) -> list[str]:
    """Return what of a suite has no case that may be passed: the suite itself, or kinds of rows."""
    kinds = {kind_of(spec) for spec in specs if allowed.may_pass(dict(spec.sizes))}
    if specs and not kinds:
        return [f"suite {suite!r}"]
    lost = {kind_of(spec): _named(spec) for spec in specs if kind_of(spec) not in kinds}
    return [f"the rows of suite {suite!r} that are {', '.join(dict.fromkeys(lost.values()))}"] if lost else []


def _named(spec: CaseSpec) -> str:
    pattern = spec.pattern
    if isinstance(pattern, Special):
        return pattern.value
    if spec.placement != ANYWHERE:
        return "at chosen addresses"
    return f"{pattern.kind} ({pattern.low:g} to {pattern.high:g})" if isinstance(pattern, Dominant) else pattern.kind
