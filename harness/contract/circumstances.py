"""Cases about values and addresses: special values in each kind of lane, and placements of buffers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from harness.contract.entries import UNROLL, ByLanes, Entry, Sized, allowed_sizes
from harness.errors import ContractError, perhaps
from harness.model import Allowed, Placement
from harness.model.patterns import SPECIAL_FLOATS, SPECIAL_INTEGERS, Special

_UNKNOWN_LENGTH = 4
"""What an op without sizes is taken to have: its buffers have a few elements at least."""
_KNOWN_SPECIALS = f"known for floats: {', '.join(SPECIAL_FLOATS)}; for integers: {', '.join(SPECIAL_INTEGERS)}"


def special_values(values: Iterable[str], *, at: Mapping[str, int] | None = None) -> list[Entry]:
    """Each value in one lane of an ordinary row (first, body, middle, tail, last), and filling the whole row.

    The names are those of harness.model.patterns.SPECIAL_FLOATS, and of SPECIAL_INTEGERS for integers; a buffer of the
    other kind keeps ordinary values. An op of several sizes says with `at` which they are; the lanes are then those of
    an array whose elements are counted without the gaps between rows.

    Raises:
        ContractError: a name is unknown.
    """
    names = tuple(values)
    known = (*SPECIAL_FLOATS, *SPECIAL_INTEGERS)
    for name in names:
        if name not in known:
            raise ContractError(f"special_values: unknown value {name!r}{perhaps(str(name), known)}; {_KNOWN_SPECIALS}")

    def entries(lanes: int, allowed: Allowed) -> list[Sized]:
        size: int | Mapping[str, int]
        positions: tuple[int, ...]
        if at is not None:
            size = allowed.sizes(at)
            most = max(size.values(), default=_UNKNOWN_LENGTH)
            positions = (0, 1, most - 1, most)
        else:
            size = allowed.size(2 * UNROLL * lanes + lanes + lanes // 2 + 1)
            inside = (UNROLL * lanes, size // 2, 2 * UNROLL * lanes + lanes // 2)
            positions = (0, *(one for one in inside if one < size), size - 1)
        return [
            Sized(size, Special(name, position))
            for name in names
            for position in (*dict.fromkeys(one for one in positions if one >= 0), None)
        ]

    return [ByLanes(entries)]


_CACHE_LINE_BYTES = 64


def placements(element_bytes: int = 4, *, in_place: bool = False, at: Sequence[Mapping[str, int]] = ()) -> list[Entry]:
    """Every alignment in element steps over a cache line, at odd distances between buffers; in place where allowed.

    The sizes go up and down, so that what a kernel keeps from an earlier call shows. At each alignment there are rows
    that end an element short of the next multiple of 16, 32 and 64 bytes, too: a kernel that goes there first, element
    by element, must stop before. An op of several sizes says with `at` which they are, in turn.
    """
    steps = _CACHE_LINE_BYTES // element_bytes

    def entries(lanes: int, allowed: Allowed) -> list[Sized]:
        found = []
        for step in range(steps):
            length = (2 * UNROLL * lanes + 3 * lanes // 2 + 1) // (1 + step % 3)
            apart = Placement(offsets=tuple((step * k + k // 2) % steps for k in (1, 3, 5, 7)))
            for size in allowed_sizes(allowed, at[step % len(at)] if at else (length, *_short_of_aligned(step, steps))):
                found.append(Sized(size, None, apart))
        if in_place:
            usual = (1, lanes, 2 * UNROLL * lanes + lanes // 2 + 1)
            several = [size for wanted in at for size in allowed_sizes(allowed, wanted)] or allowed_sizes(
                allowed, usual
            )
            found += [Sized(size, None, is_in_place=True) for size in several]
        return found

    return [ByLanes(entries)]


def _short_of_aligned(step: int, steps: int) -> list[int]:
    """Sizes of rows that start `step` elements behind a cache line and end one short of an aligned address."""
    units = [unit for unit in (steps // 4, steps // 2, steps) if unit > 0]
    return sorted({-step % unit - 1 for unit in units if -step % unit > 1}, reverse=True)
