"""Which elements of an output are wrong: the narrowest simple description that fits all failures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log2

from harness.causes.condition import LISTED, either
from harness.model import RESIDUES, Axis, Verdict

_UNROLLS = (2, 4, 8)
_NARROW_BITS = 0.6
"""A description that is wider than the narrowest one by no more may be said instead, if it is simpler."""
_RESTRICTING_BITS = 0.25
"""A description that is narrower than all elements by less restricts nothing worth saying."""
_DIMENSIONS = {1: ("element",), 2: ("row", "column")}


@dataclass(frozen=True, slots=True)
class Sight:
    """Where along a dimension the wrong elements of one failure lie, and how many lanes a vector has there."""

    axis: Axis
    lanes: int
    """1 for code without vectors."""


@dataclass(frozen=True, slots=True)
class Description:
    """A set of elements, in words, that all wrong ones are in."""

    text: str
    cost: float
    bits: float
    """Bits that it takes to name one of its elements, on an average over failures: narrow sets have few."""


def elements_text(failures: Sequence[Verdict]) -> str:
    """Return which elements alone are wrong, such as "only elements 4, 12, 20, ... (lane 4 of 8)"; "" if any may be.

    What nothing is known of, such as reads out of bounds, does not count; two failures at least must be known.
    """
    seen: dict[tuple[str, int], list[list[Sight]]] = {}
    for verdict in failures:
        lanes = (verdict.vector_bits or 0) // (verdict.element_bits or 1) or 1
        for wrong in verdict.finding.wrong:
            sights = [Sight(axis, lanes if axis is wrong.axes[-1] else 1) for axis in wrong.axes]
            seen.setdefault((wrong.output, len(wrong.axes)), []).append(sights)
    parts = []
    for (output, dimensions), of_output in seen.items():
        for name, along in zip(_DIMENSIONS[dimensions], zip(*of_output, strict=True), strict=True):
            text = _narrowest(name, list(dict.fromkeys(along))) if output != "return" else ""
            parts += [f"only {text}" + (f" of {output}" if len(seen) > 1 else "")] if text else []
    return ", and ".join(parts)


def _narrowest(name: str, sights: Sequence[Sight]) -> str:
    """Return the simplest of the narrow descriptions of wrong elements, or "" where none restricts them."""
    if len(sights) < 2:
        return ""
    every = _described("", 0.0, sights, [sight.axis.length for sight in sights]).bits
    found = [one for one in _descriptions(name, sights) if one.bits <= every - _RESTRICTING_BITS]
    if not found:
        return ""
    narrowest = min(one.bits for one in found)
    return min((one for one in found if one.bits <= narrowest + _NARROW_BITS), key=lambda one: one.cost).text


def _descriptions(name: str, sights: Sequence[Sight]) -> Iterator[Description]:
    yield from _ends(name, sights)
    yield from _tails(name, sights)
    yield from _lanes(name, sights)
    yield from _bounds(name, sights)


def _described(text: str, cost: float, sights: Sequence[Sight], counts: Iterable[int]) -> Description:
    """Return a description of so many elements of each."""
    return Description(text, cost, sum(log2(max(1, count)) for count in counts) / len(sights))


def _ends(name: str, sights: Sequence[Sight]) -> Iterator[Description]:
    axes = [sight.axis for sight in sights]
    if all(axis.first == axis.length - 1 for axis in axes):
        yield _described(f"the last {name}", 0.0, sights, [1] * len(axes))
    from_end = max(axis.length - axis.first for axis in axes)
    if 1 < from_end <= LISTED:
        yield _described(f"the last {from_end} {name}s", 2.0, sights, [min(from_end, axis.length) for axis in axes])
    if all(axis.last == 0 for axis in axes):
        yield _described(f"the first {name}", 0.0, sights, [1] * len(axes))
    elif all(axis.first == axis.last == axes[0].first for axis in axes):
        yield _described(f"{name} {axes[0].first}", 1.0, sights, [1] * len(axes))


def _tails(name: str, sights: Sequence[Sight]) -> Iterator[Description]:
    """Yield what is left over by a loop of whole vectors, or of several."""
    if any(sight.lanes == 1 for sight in sights):
        return
    for rank, unroll in enumerate((1, *_UNROLLS)):
        whole = [sight.axis.length - sight.axis.length % (unroll * sight.lanes) for sight in sights]
        what = "vector" if unroll == 1 else f"block of {unroll} vectors"
        if all(sight.axis.first >= start for sight, start in zip(sights, whole, strict=True)):
            left = [sight.axis.length - start for sight, start in zip(sights, whole, strict=True)]
            yield _described(f"{name}s behind the last whole {what}", 1.0 + rank, sights, left)
        if all(sight.axis.last < start for sight, start in zip(sights, whole, strict=True)):
            yield _described(f"{name}s up to the end of the last whole {what}", 2.0 + rank, sights, whole)


def _lanes(name: str, sights: Sequence[Sight]) -> Iterator[Description]:
    """Yield lanes of a vector, and of several vectors where a loop takes as many at a time."""
    residues: dict[int, int] = {}
    for sight in sights:
        residues[sight.lanes] = residues.get(sight.lanes, 0) | sight.axis.residues
    is_scalar = residues.keys() == {1}
    for rank, unroll in enumerate((2, 4, 8, 16) if is_scalar else (1, *_UNROLLS)):
        blocks = {unroll * count for count in residues}
        if any(RESIDUES % block for block in blocks):
            continue
        touched = {one for count, mask in residues.items() for one in _folded(mask, unroll * count)}
        if len(touched) <= min(blocks) / 2:
            text = _lanes_text(name, sorted(touched), unroll, blocks, is_scalar=is_scalar)
            counts = (_count_of(touched, sight.axis.length, unroll * sight.lanes) for sight in sights)
            yield _described(text, 1.0 + 0.5 * len(touched) + rank, sights, counts)


def _count_of(residues: set[int], length: int, block: int) -> int:
    """Return how many numbers below a length have one of the remainders by a block."""
    whole, rest = divmod(length, block)
    return whole * len(residues) + sum(residue < rest for residue in residues)


def _folded(residues: int, block: int) -> set[int]:
    """Return the remainders by a block that divides RESIDUES."""
    return {one % block for one in range(RESIDUES) if residues >> one & 1}


def _lanes_text(name: str, listed: Sequence[int], unroll: int, blocks: set[int], *, is_scalar: bool) -> str:
    is_range = len(listed) > 1 and listed[-1] - listed[0] == len(listed) - 1
    lanes = f"{listed[0]} to {listed[-1]}" if is_range else either(listed).replace(" or ", " and ")
    several = "s" if len(listed) > 1 else ""
    of = f"of {next(iter(blocks))}" if len(blocks) == 1 else "of each vector" if unroll == 1 else f"of {unroll} vectors"
    if is_scalar:
        return f"{name}s whose index % {next(iter(blocks))} is {either(listed)}"
    if len(blocks) == 1 and len(listed) == 1:
        first, block = listed[0], next(iter(blocks))
        return f"{name}s {first}, {first + block}, {first + 2 * block}, ... (lane {first} {of})"
    return f"{name}s in lane{several} {lanes} {of}"


def _bounds(name: str, sights: Sequence[Sight]) -> Iterator[Description]:
    """Yield those from one on, and those up to one."""
    axes = [sight.axis for sight in sights]
    low, high = min(axis.first for axis in axes), max(axis.last for axis in axes)
    if low > 0:
        yield _described(f"{name}s from {low} on", 3.0, sights, [axis.length - low for axis in axes])
    yield _described(f"{name}s up to {high}", 3.0, sights, [min(high + 1, axis.length) for axis in axes])
    if all(sight.lanes > 1 for sight in sights):
        vectors = min(sight.axis.first // sight.lanes for sight in sights)
        if vectors:
            behind = "the first vector" if vectors == 1 else f"the first {vectors} vectors"
            left = [sight.axis.length - vectors * sight.lanes for sight in sights]
            yield _described(f"{name}s behind {behind}", 2.0, sights, left)
        if max(sight.axis.last // sight.lanes for sight in sights) == 0:
            first = [min(sight.lanes, sight.axis.length) for sight in sights]
            yield _described(f"{name}s in the first vector", 2.0, sights, first)
