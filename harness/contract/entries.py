"""The entries of a suite: sizes that may follow the vector length, with or without a pattern of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.model import ANYWHERE, Allowed, Pattern, Placement
from harness.model.patterns import Alternating, Constant, Descending, Zeros


@dataclass(frozen=True, slots=True)
class Sized:
    """A case entry before the contract's size names are known."""

    sizes: int | Mapping[str, int]
    pattern: Pattern | None = None
    placement: Placement = ANYWHERE
    is_in_place: bool = False
    """One case for each pair of buffers that the contract allows to be one."""


@dataclass(frozen=True, slots=True)
class ByLanes:
    """Entries that follow the vector length, and what callers may pass where a size is incidental."""

    entries: Callable[[int, Allowed], list[Sized]]


Entry = int | Sized | ByLanes
UNROLL = 4
"""Vectors per iteration of the unrolled loops that most kernels have."""
WIDEST_UNROLL = 32
"""Vectors per iteration of the widest loops that are known: blocks of 256 elements in AVX2."""


def every(first: int, last: int) -> list[int]:
    """Every size from `first` to `last`, both included."""
    return list(range(first, last + 1))


def around(centres: Iterable[int], first_delta: int, last_delta: int) -> list[int]:
    """Each centre with every tail residue: centre + first_delta to centre + last_delta."""
    return [centre + delta for centre in centres for delta in range(first_delta, last_delta + 1)]


def around_lanes(multiples: Iterable[int], first_delta: int, last_delta: int) -> list[Entry]:
    """Sizes around multiples of the number of lanes, whatever the vector length of the run is.

    Code without vectors has one lane. Sizes that coincide are one case; negative ones are left out.
    """
    wanted = tuple(multiples)

    def entries(lanes: int, _allowed: Allowed) -> list[Sized]:
        deltas = range(first_delta, last_delta + 1)
        found = {multiple * lanes + delta for multiple in wanted for delta in deltas}
        return [Sized(size) for size in sorted(found) if size >= 0]

    return [ByLanes(entries)]


def every_residue() -> list[Entry]:
    """Every residue of an iteration of four vectors, and every number of vectors that an iteration of 32 may leave.

    That is each size from 4 to 8 times the lanes; from there on one per number of vectors, each with another residue.
    """

    def entries(lanes: int, _allowed: Allowed) -> list[Sized]:
        single = range(UNROLL * lanes, 2 * UNROLL * lanes + 1)
        vectors = range(2 * UNROLL + 1, WIDEST_UNROLL)
        return [Sized(size) for size in (*single, *(count * lanes + count % lanes for count in vectors))]

    return [ByLanes(entries)]


def zeros(size: int | Mapping[str, int]) -> Sized:
    """A case whose inputs are all zero."""
    return Sized(size, Zeros())


def sizes(pattern: Pattern | None = None, /, **by_name: int) -> Sized:
    """A case of an op with several size parameters: `sizes(m=3, n=5, k=7)`."""
    return Sized(by_name, pattern)


def rows(pattern: Pattern, of_sizes: Iterable[int | Mapping[str, int]]) -> list[Entry]:
    """A row of each size, drawn from another pattern than the contract's."""
    return [Sized(size, pattern) for size in of_sizes]


def structured(of_sizes: Iterable[int]) -> list[Entry]:
    """Rows whose rounding errors may all have one sign: all equal, alternating signs, descending magnitudes."""
    wanted = tuple(of_sizes)

    def entries(_lanes: int, allowed: Allowed) -> list[Sized]:
        patterns = (Constant(), Alternating(), Descending())
        return [Sized(size, pattern) for size in allowed_sizes(allowed, wanted) for pattern in patterns]

    return [ByLanes(entries)]


def allowed_sizes(allowed: Allowed, wanted: Mapping[str, int] | Sequence[int]) -> Sequence[int | Mapping[str, int]]:
    """Return sizes that may be passed; what several become is there once."""
    if isinstance(wanted, Mapping):
        return [allowed.sizes(wanted)]
    found: list[int] = []
    for size in wanted:
        instead = allowed.size(size)
        if instead == size or instead not in found:
            found.append(instead)
    return found
