"""Input patterns, and the entries of a suite: sizes that may follow the vector length."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.errors import ContractError, perhaps
from harness.model import (
    ANYWHERE,
    SPECIAL_FLOATS,
    SPECIAL_INTEGERS,
    Allowed,
    CaseSpec,
    Contract,
    Pattern,
    Placement,
    Suite,
)

# ---- patterns ------------------------------------------------------------------------------------------------------


def normal(scale_exponents: tuple[int, int] = (0, 0)) -> Pattern:
    """Bell-shaped values of random sign, times 2**e with e drawn per case from `scale_exponents` (inclusive)."""
    return Pattern("normal", _ascending("scale_exponents", scale_exponents))


def loud(
    low: float = 1.0,
    high: float = 2.0,
    *,
    quiet: float = 0.0,
    signed: bool = True,
    scale_exponents: tuple[int, int] = (0, 0),
    directed: bool = False,
    buffers: Sequence[str] = (),
) -> Pattern:
    """A few loud values, uniform in [low, high), among quiet ones that do not matter to the result.

    With `buffers`, quiet elements are in these alone and all others are loud throughout: results show, then, that
    would be multiplied by a quiet weight.

    `directed` is for sums to which quiet elements add equal terms other than zero, such as squared deviations from a
    mean: their rounding errors may all have one sign, so that worst-case bounds hold and no others.
    """
    if not (low <= high and all(math.isfinite(number) for number in (low, high, quiet))):
        raise ContractError(
            f"loud({low!r}, {high!r}, quiet={quiet!r}): expected two finite numbers, the lower one first"
        )
    if isinstance(buffers, str):
        raise ContractError(f"loud: buffers={buffers!r} has to be a list: [{buffers!r}]")
    exponents = _ascending("scale_exponents", scale_exponents)
    return Pattern("loud", exponents, directed, (low, high), quiet, tuple(buffers), is_signed=signed)


def _ascending(what: str, pair: Any) -> tuple[int, int]:
    is_pair = isinstance(pair, tuple | list) and len(pair) == 2 and all(isinstance(one, int) for one in pair)
    if not is_pair or pair[0] > pair[1]:
        raise ContractError(f"{what}: expected two integers, the lower one first, not {pair!r}")
    return pair[0], pair[1]


def integers(low: int, high: int) -> Pattern:
    """Integers, uniform in [low, high], for small values; without it integers are drawn over all their bits."""
    return Pattern("uniform", bounds=_ascending("integers", (low, high)), directed=True)


def extremes() -> Pattern:
    """Integers at the ends of their type and around zero: the smallest, the largest, -1 (all bits), 0 and 1."""
    return Pattern("extremes", directed=True)


_ZEROS = Pattern("zeros", directed=True)

# ---- suites --------------------------------------------------------------------------------------------------------


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
_UNROLL = 4
"""Vectors per iteration of the unrolled loops that most kernels have."""
_WIDEST_UNROLL = 32
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
        single = range(_UNROLL * lanes, 2 * _UNROLL * lanes + 1)
        vectors = range(2 * _UNROLL + 1, _WIDEST_UNROLL)
        return [Sized(size) for size in (*single, *(count * lanes + count % lanes for count in vectors))]

    return [ByLanes(entries)]


def zeros(size: int | Mapping[str, int]) -> Sized:
    """A case whose inputs are all zero."""
    return Sized(size, _ZEROS)


def sizes(pattern: Pattern | None = None, /, **by_name: int) -> Sized:
    """A case of an op with several size parameters: `sizes(m=3, n=5, k=7)`."""
    return Sized(by_name, pattern)


def loud_subsets(pattern: Pattern, of_sizes: Iterable[int], *, most: int = 2048) -> list[Entry]:
    """For each size, disjoint loud subsets of at most `most` elements that cover the row, no two neighbours in one.

    What a reduction leaves out, takes twice or takes from the neighbour then moves the result by a share that no
    tolerance covers.
    """
    entries: list[Entry] = []
    for size in dict.fromkeys(of_sizes):
        pairs = max(1, -(-size // (2 * most)))
        parts = 2 * pairs if size > 1 else 1
        entries += [Sized(size, replace(pattern, part=part, parts=parts)) for part in range(parts)]
    return entries


def single_loud(pattern: Pattern, of_sizes: Iterable[int]) -> list[Entry]:
    """For each size a row whose last element alone is loud: the tolerance is smallest, and a wrong divisor shows."""
    return [Sized(size, replace(pattern, part=size - 1, parts=size)) for size in of_sizes]


_FIRST_BOUNDARY = 28
_LAST_BOUNDARY = 33


def sparse(pattern: Pattern, size: int, at: Iterable[int] = ()) -> Sized:
    """A row too long to be held: loud elements at some positions, by default where counts and offsets wrap, and zeros.

    The default positions are the ends and the middle, and the elements before, at and behind each power of two from
    2**28 on: there 31 or 32 bits of a byte offset or an index are used up, for elements of 1 to 8 bytes.
    """
    wrapping = (1 << bits for bits in range(_FIRST_BOUNDARY, _LAST_BOUNDARY + 1))
    around_wrapping = (boundary + delta for boundary in wrapping for delta in (-1, 0, 1))
    usual = (0, 1, size // 2 + 1, *around_wrapping, size - 2, size - 1)
    sites = sorted({site for site in (tuple(at) or usual) if 0 <= site < size})
    return Sized(size, replace(pattern, kind="sparse", sites=tuple(sites)))


def peaks(of_sizes: Iterable[int], *, lowest: bool = False) -> list[Entry]:
    """For each size, cases whose largest (or lowest) element stands at each of some positions.

    Every position of rows up to 8 iterations of four 128-bit vectors; of longer rows the ends and one position per
    residue of an iteration, spread over its blocks: one case shows one position, so these are samples. In every second
    row all elements are negative: comparisons of bits, and zeros that take part, are wrong there.
    """
    wanted = tuple(dict.fromkeys(of_sizes))

    def entries(_lanes: int, allowed: Allowed) -> list[Sized]:
        sizes = dict.fromkeys(map(allowed.size, wanted))
        return [
            Sized(size, _peak(at, lowest)) for number, size in enumerate(sizes) for at in _peak_positions(size, number)
        ]

    return [ByLanes(entries)]


def _peak(position: int, lowest: bool) -> Pattern:
    return Pattern("peak", is_signed=position % 2 == 0, position=position, value="lowest" if lowest else "")


_PEAK_EVERY_POSITION = 33
_PEAK_SAMPLES = 8


def _peak_positions(size: int, number: int) -> list[int]:
    if size <= _PEAK_EVERY_POSITION:
        return list(range(size))
    stride = size // _PEAK_SAMPLES
    spread = {sample * stride + (number * _PEAK_SAMPLES + sample) % stride for sample in range(_PEAK_SAMPLES)}
    return sorted({0, size - 1, *spread})


def peaks_by_lanes(of_sizes: Iterable[int], *, lowest: bool = False) -> list[Entry]:
    """Cases whose largest element stands at each position of 8 iterations of four vectors, and at some of longer rows.

    Of these, a position per residue of an iteration, in as many different iterations, and all of the tail.
    """
    wanted = tuple(dict.fromkeys(of_sizes))

    def entries(lanes: int, allowed: Allowed) -> list[Sized]:
        block = _UNROLL * lanes
        whole = allowed.size(_PEAK_BLOCKS * block)
        found = [(whole, at) for at in range(min(whole, _PEAK_BLOCKS * block))]
        found += [(size, at) for size in map(allowed.size, wanted) for at in _one_per_residue(size, block)]
        return [Sized(size, _peak(at, lowest)) for size, at in dict.fromkeys(found)]

    return [ByLanes(entries)]


_PEAK_BLOCKS = 8


def _one_per_residue(size: int, block: int) -> list[int]:
    blocks = size // block
    stride = max(1, blocks // block)
    spread = [(residue * stride) % blocks * block + residue for residue in range(block)] if blocks else []
    return sorted({*spread, *range(blocks * block, size)})


def rows(pattern: Pattern, of_sizes: Iterable[int | Mapping[str, int]]) -> list[Entry]:
    """A row of each size, drawn from another pattern than the contract's."""
    return [Sized(size, pattern) for size in of_sizes]


_KNOWN_SPECIALS = f"known for floats: {', '.join(SPECIAL_FLOATS)}; for integers: {', '.join(SPECIAL_INTEGERS)}"


def special_values(values: Iterable[str], *, at: Mapping[str, int] | None = None) -> list[Entry]:
    """Each value in one lane of an ordinary row (first, body, middle, tail, last), and filling the whole row.

    The names are those of harness.model.SPECIAL_FLOATS, and of SPECIAL_INTEGERS for integers; a buffer of the other
    kind keeps ordinary values. An op of several sizes says with `at` which they are; the lanes are then those of an
    array whose elements are counted without the gaps between rows.

    Raises:
        ContractError: a name is none of them.
    """
    names = tuple(values)
    known = (*SPECIAL_FLOATS, *SPECIAL_INTEGERS)
    for name in names:
        if name not in known:
            raise ContractError(f"special_values: {name!r} is none{perhaps(str(name), known)}; {_KNOWN_SPECIALS}")

    def entries(lanes: int, allowed: Allowed) -> list[Sized]:
        size: int | Mapping[str, int]
        places: tuple[int, ...]
        if at:
            size = allowed.sizes(at)
            places = (0, 1, max(size.values()) - 1, max(size.values()))
        else:
            size = allowed.size(2 * _UNROLL * lanes + lanes + lanes // 2 + 1)
            inside = (_UNROLL * lanes, size // 2, 2 * _UNROLL * lanes + lanes // 2)
            places = (0, *(place for place in inside if place < size), size - 1)
        return [
            Sized(size, Pattern("special", value=name, position=position, directed=position is None))
            for name in names
            for position in (*dict.fromkeys(place for place in places if place >= 0), None)
        ]

    return [ByLanes(entries)]


def structured(of_sizes: Iterable[int]) -> list[Entry]:
    """Rows whose rounding errors may all have one sign: all equal, alternating signs, descending magnitudes."""
    kinds = ("constant", "alternating", "descending")
    wanted = tuple(of_sizes)

    def entries(_lanes: int, allowed: Allowed) -> list[Sized]:
        sizes = _allowed(allowed, wanted)
        return [Sized(size, Pattern(kind, directed=True)) for size in sizes for kind in kinds]

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
            length = (2 * _UNROLL * lanes + 3 * lanes // 2 + 1) // (1 + step % 3)
            apart = Placement(offsets=tuple((step * k + k // 2) % steps for k in (1, 3, 5, 7)))
            for size in _allowed(allowed, at[step % len(at)] if at else (length, *_short_of_aligned(step, steps))):
                found.append(Sized(size, None, apart))
        if in_place:
            usual = (1, lanes, 2 * _UNROLL * lanes + lanes // 2 + 1)
            several = [size for wanted in at for size in _allowed(allowed, wanted)] or _allowed(allowed, usual)
            found += [Sized(size, None, is_in_place=True) for size in several]
        return found

    return [ByLanes(entries)]


def _allowed(allowed: Allowed, wanted: Mapping[str, int] | Sequence[int]) -> Sequence[int | Mapping[str, int]]:
    """Return sizes that may be passed; what several become is there once."""
    if isinstance(wanted, Mapping):
        return [allowed.sizes(wanted)]
    found: list[int] = []
    for size in wanted:
        instead = allowed.size(size)
        if instead == size or instead not in found:
            found.append(instead)
    return found


def _short_of_aligned(step: int, steps: int) -> list[int]:
    """Sizes of rows that start `step` elements behind a cache line and end one short of an aligned address."""
    units = [unit for unit in (steps // 4, steps // 2, steps) if unit > 0]
    return sorted({-step % unit - 1 for unit in units if -step % unit > 1}, reverse=True)


def expand(contract: Contract, entries: tuple[Entry, ...]) -> Suite:
    """Return a function from the number of lanes, and from what callers may pass, to the cases of a suite."""

    def specs(lanes: int, allowed: Allowed = _EVERYTHING) -> tuple[CaseSpec, ...]:
        found: list[CaseSpec] = []
        for entry in entries:
            several = entry.entries(lanes, allowed) if isinstance(entry, ByLanes) else [entry]
            found += [
                spec for one in several for spec in _specs(contract, one if isinstance(one, Sized) else Sized(one))
            ]
        return tuple(found)

    return specs


_EVERYTHING = Allowed()


def _specs(contract: Contract, entry: Sized) -> list[CaseSpec]:
    names = contract.size_names
    by_name = {names[0]: entry.sizes} if isinstance(entry.sizes, int) and names else entry.sizes
    if not isinstance(by_name, Mapping) or (isinstance(entry.sizes, int) and len(names) != 1):
        what = f"{contract.op} has {len(names)} sizes; name them: sizes(m=..., n=...)"
        raise ContractError(what, contract.line)
    if set(by_name) != set(names):
        what = f"{contract.op}: sizes are {', '.join(names)}, not {', '.join(by_name)}"
        raise ContractError(what, contract.line)
    for extent in contract.extents.values():
        try:
            extent.shape(by_name)
        except ContractError as error:  # rows that overlap
            raise ContractError(error.message, contract.line) from None
    sizes, pattern = tuple((name, by_name[name]) for name in by_name), entry.pattern or contract.pattern
    if not entry.is_in_place:
        return [CaseSpec(sizes, pattern, entry.placement)]
    buffers = [parameter.name for parameter in contract.prototype.buffers]
    pairs = [(buffers.index(output), buffers.index(source)) for output, source in contract.in_place]
    return [CaseSpec(sizes, pattern, Placement(alias=(pair,))) for pair in pairs]
