"""Case matrices over several sizes: a cover of all pairs, where the full product would be thousands of cases."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import combinations

from harness.contract.entries import ByLanes, Entry, Sized
from harness.contract.expressions import parse_extent
from harness.errors import ContractError
from harness.model import Allowed, Pattern

Row = tuple[int, ...]
_BEYOND_THE_ROW = (0, 1, 5)
"""By how many elements rows are apart beyond their length: none, an odd number, and another one."""


def pairwise(
    pattern: Pattern | None = None,
    /,
    *,
    strides: Mapping[str, str] | None = None,
    beyond: Sequence[int] = _BEYOND_THE_ROW,
    **values: Iterable[Entry],
) -> list[Entry]:
    """Cases over several sizes in which each two values of different sizes meet: `pairwise(m=every(0, 9), n=[1, 8])`.

    Values may follow the vector length: `k=around_lanes([1, 2], -1, 1)`. `strides` says which sizes are distances of
    rows, and how long these rows are, in sizes: {"lda": "k"}. They are drawn as that length and `beyond` more.

    Raises:
        ContractError: a size has no values, or a distance belongs to an unknown size.
    """
    return paired(pattern, values, strides or {}, beyond)


def paired(
    pattern: Pattern | None,
    values: Mapping[str, Iterable[Entry]],
    strides: Mapping[str, str],
    beyond: Sequence[int] = _BEYOND_THE_ROW,
) -> list[Entry]:
    """Return what `pairwise` does, of sizes that may have any name."""
    wanted = {name: list(several) for name, several in values.items()}
    for name, several in wanted.items():
        if not several:
            raise ContractError(f"pairwise: the size {name!r} has no values")
    lengths = row_lengths(strides, wanted)

    def entries(lanes: int, allowed: Allowed) -> list[Sized]:
        axes = [_numbers(name, entries_of, lanes, allowed) for name, entries_of in wanted.items()]
        names = [*wanted, *strides]
        found = []
        for row in cover([*axes, *[list(beyond)] * len(strides)]):
            sizes = dict(zip(names, row, strict=True))
            apart = {name: length(sizes) + sizes[name] for name, length in lengths.items()}
            found.append(Sized({**sizes, **apart}, pattern))
        return found

    return [ByLanes(entries)]


def row_lengths(strides: Mapping[str, str], names: Collection[str]) -> dict[str, Callable[[Mapping[str, int]], int]]:
    """Return how long the rows are that a size is the distance of, by the other sizes.

    Raises:
        ContractError: a length names a size that has no values.
    """
    for name, length in strides.items():
        if length.isidentifier() and length not in names:
            raise ContractError(f"pairwise: the rows of {name!r} are {length!r} long, which has no values there")
    return {name: parse_extent(length, names).count for name, length in strides.items()}


def _numbers(name: str, entries: Sequence[Entry], lanes: int, allowed: Allowed) -> list[int]:
    found: dict[int, None] = {}
    for entry in entries:
        for one in entry.entries(lanes, allowed) if isinstance(entry, ByLanes) else [entry]:
            size = one.sizes if isinstance(one, Sized) else one
            if not isinstance(size, int) or size < 0:
                raise ContractError(f"pairwise: {size!r} is no value of {name!r}")
            found[size] = None
    return list(found)


def cover(axes: Sequence[Sequence[int]]) -> list[Row]:
    """Return rows of one value per axis such that any two values of different axes are in one row together.

    Greedy, one row at a time (Cohen et al., *The AETG System*, IEEE Trans. Software Eng. 23(7), 1997): a pair that
    is still missing, and on every other axis what completes most missing pairs. The same axes give the same rows.
    """
    if len(axes) < 2:
        return [(value,) for axis in axes for value in axis]
    missing = dict.fromkeys(
        (first, a, second, b)
        for first, second in combinations(range(len(axes)), 2)
        for a in range(len(axes[first]))
        for b in range(len(axes[second]))
    )
    rows: list[Row] = []
    while missing:
        first, a, second, b = next(iter(missing))
        chosen = {first: a, second: b}
        for axis in range(len(axes)):
            if axis not in chosen:
                chosen[axis] = max(range(len(axes[axis])), key=_completed(missing, chosen, axis, len(rows)))
        for left, right in combinations(range(len(axes)), 2):
            missing.pop((left, chosen[left], right, chosen[right]), None)
        rows.append(tuple(axes[axis][chosen[axis]] for axis in range(len(axes))))
    return rows


def _completed(
    missing: Mapping[tuple[int, int, int, int], None], chosen: Mapping[int, int], axis: int, turn: int
) -> Callable[[int], tuple[int, int]]:
    def score(value: int) -> tuple[int, int]:
        pairs = [(o, v, axis, value) if o < axis else (axis, value, o, v) for o, v in chosen.items()]
        return sum(pair in missing for pair in pairs), (value + turn) % 7  # where none is new, not always the same

    return score
