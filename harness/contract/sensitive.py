"""Rows that show what ordinary ones hide: every element's part in a sum or a maximum, and counts that wrap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from harness.contract.entries import UNROLL, ByLanes, Entry, Sized
from harness.model import Allowed
from harness.model.patterns import Dominant, Peak, Sparse


def dominant_subsets(pattern: Dominant, of_sizes: Iterable[int], *, most: int = 2048) -> list[Entry]:
    """For each size, disjoint dominant subsets of at most `most` elements that cover the row, no two neighbours in one.

    What a reduction leaves out, takes twice or takes from the neighbour then moves the result by a share that no
    tolerance covers.
    """
    entries: list[Entry] = []
    for size in dict.fromkeys(of_sizes):
        pairs = max(1, -(-size // (2 * most)))
        parts = 2 * pairs if size > 1 else 1
        entries += [Sized(size, replace(pattern, part=part, parts=parts)) for part in range(parts)]
    return entries


def single_dominant(pattern: Dominant, of_sizes: Iterable[int]) -> list[Entry]:
    """For each size a row whose last element alone is dominant: the tolerance is small, and a wrong divisor shows."""
    return [Sized(size, replace(pattern, part=size - 1, parts=size)) for size in of_sizes]


_FIRST_BOUNDARY = 28
_LAST_BOUNDARY = 33


def sparse(pattern: Dominant, size: int, at: Iterable[int] = ()) -> Sized:
    """A row too long to be held: zeros, and dominant elements at some positions, by default where counts wrap.

    The default positions are the ends and the middle, and the elements before, at and behind each power of two from
    2**28 on: there 31 or 32 bits of a byte offset or an index are used up, for elements of 1 to 8 bytes.
    """
    wrapping = (1 << bits for bits in range(_FIRST_BOUNDARY, _LAST_BOUNDARY + 1))
    around_wrapping = (boundary + delta for boundary in wrapping for delta in (-1, 0, 1))
    usual = (0, 1, size // 2 + 1, *around_wrapping, size - 2, size - 1)
    sites = sorted({site for site in (tuple(at) or usual) if 0 <= site < size})
    drawn = Sparse(
        tuple(sites), pattern.low, pattern.high, pattern.is_signed, pattern.scale_exponents, pattern.is_directed
    )
    return Sized(size, drawn)


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


def _peak(position: int, lowest: bool) -> Peak:
    return Peak(position, lowest, is_signed=position % 2 == 0)


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
        block = UNROLL * lanes
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
