"""The search for the smallest case that still fails alike: width, sizes, placement, values. Pure.

It knows no kernel: it proposes candidates, simplest first, to a function that says which of them fail. Several are
proposed at a time, because a guest process can run many. What fails among others is taken only if it fails alone,
since a kernel may carry state from one call to the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.model import ANYWHERE, Placement

Values = Mapping[str, NDArray[Any]]
Sizes = tuple[tuple[str, int], ...]
Item = TypeVar("Item")

_UNROLL = 4
_EVERY_SIZE_UP_TO = 2 * _UNROLL + 1
"""Vectors below which every size is tried."""
_SIZES_AT_ONCE = 320
_ROUNDS = 4
_SIMPLIFIED_AT_ONCE = 32
"""Elements whose values are simplified in one batch."""
_BATCH = 64
_BATCH_BYTES = 4 << 20
_LARGEST_INTEGER = 1 << 20


class OutOfTimeError(Exception):
    """The time for the search is up; what was found so far stands."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A case: its width, sizes, placement, and the contents of its inputs."""

    vector_bits: int | None
    sizes: Sizes
    placement: Placement
    values: Values
    """By buffer that the kernel reads."""
    is_drawn: bool = True
    """The values are as the case's pattern draws them, or a part of these."""

    @property
    def key(self) -> object:
        """Equal for equal candidates."""
        contents = tuple((name, array.tobytes()) for name, array in self.values.items())
        return self.vector_bits, self.sizes, self.placement, contents

    @property
    def size_bytes(self) -> int:
        """The bytes that all inputs take."""
        return sum(array.nbytes for array in self.values.values())


@dataclass(slots=True)
class Space:
    """What candidates may be."""

    widths: Sequence[int]
    """Smaller vector lengths that can run here, ascending."""
    lanes: Callable[[int | None], int]
    """Elements per vector at a width."""
    may_have: Callable[[Sizes, int | None], bool]
    """Whether callers may pass these sizes at this width."""
    lengths: Callable[[Sizes], Mapping[str, int]]
    """Elements of each buffer."""
    drawn: Callable[[Sizes], Values | None]
    """The values that the case's pattern draws for these sizes; None where it draws none."""


@dataclass(slots=True)
class Shrinker:
    """Makes a failing case smaller as long as the smaller one fails, too."""

    best: Candidate
    space: Space
    fails: Callable[[Sequence[Candidate]], Sequence[bool]]
    """Runs candidates in one process; raises OutOfTimeError."""
    tried: int = 0
    _known: set[object] = field(default_factory=set)
    """Candidates that did not fail."""
    _domain: Mapping[str, tuple[bool, bool]] = field(default_factory=dict)
    """By buffer: whether it has negative values, whether they are floats."""

    def __post_init__(self) -> None:
        self._domain = {
            name: (bool((array < 0).any()), array.dtype.kind == "f") for name, array in self.best.values.items()
        }

    def run(self) -> None:
        """Search until nothing gets smaller.

        Raises:
            OutOfTimeError: `best` is the smallest so far.
        """
        self._narrow()
        for _ in range(_ROUNDS):
            before = self.best
            self._fewer_elements()
            self._plain_placement()
            self._fewer_values()
            self._simpler_values()
            if self.best is before:
                return

    # -- steps

    def _narrow(self) -> None:
        """Find the smallest width at which this case, or one of other size, fails."""
        for bits in self.space.widths:
            sizes = dict.fromkeys((self.best.sizes, *self._smaller_sizes(self.best.sizes, bits)))
            batch = [
                candidate
                for chosen in sizes
                if self.space.may_have(chosen, bits)
                for candidate in self._resized(replace(self.best, vector_bits=bits), chosen)
            ]
            if self._take(batch):
                return

    def _fewer_elements(self) -> None:
        while True:
            bits = self.best.vector_bits
            batch = [
                candidate
                for sizes in self._smaller_sizes(self.best.sizes, bits)
                if self.space.may_have(sizes, bits)
                for candidate in self._resized(self.best, sizes)
            ]
            if not self._take(batch):
                return

    def _smaller_sizes(self, sizes: Sizes, bits: int | None) -> list[Sizes]:
        """Every small size, then some that are closer, one size argument at a time; ascending in each."""
        lanes = self.space.lanes(bits)
        found: dict[Sizes, None] = {}
        for backend, (name, size) in enumerate(sizes):
            wanted = set(range(min(size, _EVERY_SIZE_UP_TO * lanes, _SIZES_AT_ONCE)))
            steps = [1, *(size >> shift for shift in range(1, 6)), size % (_UNROLL * lanes), size % lanes]
            steps += [step << shift for step in (lanes, _UNROLL * lanes) for shift in range(size.bit_length())]
            wanted |= {size - step for step in steps if 0 < step <= size}
            for fewer in sorted(wanted):
                found[(*sizes[:backend], (name, fewer), *sizes[backend + 1 :])] = None
        return list(found)

    def _resized(self, one: Candidate, sizes: Sizes) -> list[Candidate]:
        """The first elements of each input, the last ones, and what the pattern draws for the size."""
        lengths = self.space.lengths(sizes)
        if any(lengths[name] > array.size for name, array in one.values.items()):
            cut: list[Values] = []
        else:
            first = {name: array[: lengths[name]] for name, array in one.values.items()}
            last = {name: array[array.size - lengths[name] :] for name, array in one.values.items()}
            cut = [first, last]
        drawn = self.space.drawn(sizes) if one.is_drawn else None
        return [replace(one, sizes=sizes, values=values) for values in (*cut, *([drawn] if drawn else []))]

    def _plain_placement(self) -> None:
        placement = self.best.placement
        if placement == ANYWHERE:
            return
        offsets = placement.offsets
        fewer = [(*offsets[:at], 0, *offsets[at + 1 :]) for at, offset in enumerate(offsets) if offset]
        proposals = [ANYWHERE, replace(placement, offsets=()), replace(placement, alias=())]
        proposals += [replace(placement, offsets=() if not any(one) else one) for one in fewer]
        wanted = [one for one in dict.fromkeys(proposals) if one != placement]
        if self._take([replace(self.best, placement=one) for one in wanted]):
            self._plain_placement()

    def _fewer_values(self) -> None:
        """Put zeros wherever the failure does not need anything else (delta debugging; Zeller, 2002)."""
        if self._take([self._with(name, np.zeros_like(array)) for name, array in self.best.values.items()]):
            return self._fewer_values() if any(array.any() for array in self.best.values.values()) else None
        for name in self.best.values:
            pieces = 2
            while pieces <= 2 * self._loud(name).size:
                parts = [part for part in np.array_split(self._loud(name), pieces) if part.size]
                keep = [self._only(name, part) for part in parts] if pieces > 2 else []
                drop = [self._with(name, _put(self.best.values[name], part, 0)) for part in parts]
                if not self._take(keep) and not self._take_many(name, drop):
                    pieces *= 2
        return None

    def _loud(self, name: str) -> NDArray[np.intp]:
        """Where the values are not zero; NaN is none."""
        return np.flatnonzero(self.best.values[name] != 0)

    def _only(self, name: str, places: NDArray[np.intp]) -> Candidate:
        array = self.best.values[name]
        return self._with(name, _put(np.zeros_like(array), places, array[places]))

    def _simpler_values(self) -> None:
        """Replace values by ones, by small integers, by rounder numbers."""
        for name, array in self.best.values.items():
            ones = np.where(array != 0, 1, 0).astype(array.dtype)
            counted = np.where(array != 0, np.arange(array.size) % 8 + 1, 0).astype(array.dtype)
            if np.array_equal(array, ones):
                continue
            wholes = [_put(array, np.flatnonzero(array != 0), ones[array != 0]), counted]
            self._take([self._with(name, whole) for whole in wholes if _complexities(whole) < _complexities(array)])
            for start in range(0, self._loud(name).size, _SIMPLIFIED_AT_ONCE):
                self._simpler_elements(name, self._loud(name)[start : start + _SIMPLIFIED_AT_ONCE])

    def _simpler_elements(self, name: str, places: NDArray[np.intp]) -> None:
        for rank in range(len(_simpler(1.7, may_be_negative=True, is_float=True)) + 1):
            array = self.best.values[name]
            batch = []
            for at in places:
                proposals = _simpler(array[at], may_be_negative=self._domain[name][0], is_float=self._domain[name][1])
                if rank < len(proposals) and complexity(proposals[rank]) < complexity(array[at]):
                    batch.append(self._with(name, _put(array, np.array([at]), proposals[rank])))
            self._take_many(name, batch)

    # -- taking

    def _with(self, name: str, array: NDArray[Any]) -> Candidate:
        return replace(self.best, values={**self.best.values, name: array}, is_drawn=False)

    def _take_many(self, name: str, batch: Sequence[Candidate]) -> bool:
        """Take together all changes of a buffer that fail each by itself, else the first of them."""
        failing = [one for one, has in zip(batch, self._failing(batch), strict=True) if has]
        if len(failing) > 1:
            now = self.best.values[name]
            together = now.copy()
            for one in failing:
                changed = _bits(one.values[name]) != _bits(now)
                together[changed] = one.values[name][changed]
            if self._take([self._with(name, together)]):
                return True
        return self._take(failing)

    def _take(self, batch: Sequence[Candidate]) -> bool:
        """Take the first that fails, among others and alone."""
        for start, stop in _chunks(batch):
            chunk = batch[start:stop]
            for one, has in zip(chunk, self._failing(chunk), strict=True):
                if has and self.fails([one])[0]:
                    self.best = one
                    return True
        return False

    def _failing(self, batch: Sequence[Candidate]) -> list[bool]:
        unknown = [one for one in batch if one.key not in self._known and one.key != self.best.key]
        failed: set[object] = set()
        for start, stop in _chunks(unknown):
            chunk = unknown[start:stop]
            self.tried += len(chunk)
            for one, has in zip(chunk, self.fails(chunk), strict=True):
                (failed if has else self._known).add(one.key)
        return [one.key in failed for one in batch]


def _chunks(batch: Sequence[Candidate]) -> list[tuple[int, int]]:
    """Split a batch so that no process gets too much."""
    chunks: list[tuple[int, int]] = []
    start, total = 0, 0
    for backend, one in enumerate(batch):
        if backend > start and (backend - start >= _BATCH or total + one.size_bytes > _BATCH_BYTES):
            chunks.append((start, backend))
            start, total = backend, 0
        total += one.size_bytes
    return [*chunks, (start, len(batch))] if batch else []


def _put(array: NDArray[Any], places: NDArray[np.intp], values: Any) -> NDArray[Any]:
    changed = array.copy()
    changed[places] = values
    return changed


def _bits(array: NDArray[Any]) -> NDArray[Any]:
    return array.view(f"<u{array.dtype.itemsize}")


def _simpler(value: Any, *, may_be_negative: bool, is_float: bool) -> list[float]:
    """Return simpler numbers to try in a value's place, the simplest first; none of another sign domain."""
    number = float(value)
    found: list[float] = [1.0]
    if may_be_negative:
        found.append(-1.0)
    if not math.isfinite(number) or number == 0:
        return found if number else []
    sign = math.copysign(1.0, number)
    found += [sign * 2.0, sign * 3.0]
    if is_float:
        found.append(sign * 2.0 ** math.floor(math.log2(abs(number))))
    if abs(number) < _LARGEST_INTEGER:
        found.append(float(round(number)))
    return found


def complexity(value: Any) -> int:
    """Rank numbers by how simple they are to a reader: 0 is the simplest."""
    number = float(value)
    if number == 0:
        return 0
    if not math.isfinite(number):
        return 6
    if number == 1:
        return 1
    if abs(number) <= 9 and number == round(number):
        return 2 if number > 0 else 3
    if abs(math.frexp(number)[0]) == 0.5:
        return 4
    return 5 if number == round(number) and abs(number) < _LARGEST_INTEGER else 6


def _complexities(array: NDArray[Any]) -> int:
    return sum(complexity(value) for value in array.tolist())


def fewest(items: Sequence[Item], fails: Callable[[Sequence[Item]], bool]) -> list[Item]:
    """Return a part of the items, in order, without any one of which it does not fail (ddmin; Zeller, 2002).

    Raises:
        OutOfTimeError: as `fails`.
    """
    left, pieces = list(items), 2
    while left and pieces <= 2 * len(left):
        size = max(1, len(left) // pieces)
        parts = [left[at : at + size] for at in range(0, len(left), size)]
        without = [[item for part in parts[:at] + parts[at + 1 :] for item in part] for at in range(len(parts))]
        for proposal in (*(parts if pieces == 2 else ()), *without):
            if len(proposal) < len(left) and fails(proposal):
                left, pieces = list(proposal), 2
                break
        else:
            if size == 1:
                break
            pieces *= 2
    return left
