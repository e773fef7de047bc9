"""The standard suites of an op: what follows from its prototype, types, passes and conventions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

from harness.contract import multisize
from harness.contract.checks import sparse_obstacle
from harness.contract.circumstances import placements, special_values
from harness.contract.entries import Entry, around_lanes, every_residue, rows, structured, zeros
from harness.contract.multisize import bounded
from harness.contract.reading import Reads, reads_of
from harness.contract.sensitive import dominant_subsets, peaks, peaks_by_lanes, sparse
from harness.contract.standard import SIZES, Standard, Suites
from harness.contract.suites import HUGE, LONG, SENSITIVITY
from harness.errors import ContractError, perhaps
from harness.model import Contract
from harness.model.patterns import Dominant

_ZERO_ROW = 1024
_MULTIPLES = (1, 2, 4, 8)
"""Vectors per iteration of most loops."""
_PEAK_SIZES = (1023, 4097)
"""Long rows with a peak at each residue of an iteration, and in all of the tail."""
_BEYOND_AN_INDEX = 2**31 + 7
_STRUCTURED = 255
_LONG_STRUCTURED = 4097


def standard_suites(contract: Contract, chosen: Standard) -> Suites:
    """Return the suites of a contract that has standard ones, in order, with its changes to them.

    Raises:
        ContractError: it leaves out a suite that does not exist, or an argument does not fit the op.
    """
    names = contract.size_names
    if chosen.sizes and isinstance(chosen.sizes, Mapping) == (len(names) == 1):
        expected = "a list of sizes" if len(names) == 1 else f"values by name, for {', '.join(names) or 'no size'}"
        raise ContractError(f"standard: sizes: {contract.op} needs {expected}")
    reads = reads_of(contract)
    derived = _of_one_size(contract, chosen, reads) if len(names) == 1 else multisize.suites(contract, chosen, reads)
    found = {name: entries for name, entries in derived.items() if entries}
    for name in chosen.left_out:
        if name not in found:
            known = f"{contract.op} has {', '.join(found)}"
            raise ContractError(f"suites: without({name!r}): no such standard suite{perhaps(name, found)}; {known}")
    return {**{name: entries for name, entries in found.items() if name not in chosen.left_out}, **chosen.changes}


def _of_one_size(contract: Contract, chosen: Standard, reads: Reads) -> dict[str, list[Entry]]:
    assert not isinstance(chosen.sizes, Mapping)
    sizes = chosen.sizes or SIZES
    return {
        "boundary": bounded(contract, [0, *sizes, zeros(_ZERO_ROW), *chosen.long_sizes]),
        "residues": bounded(contract, [*around_lanes(_MULTIPLES, -1, 1), *every_residue()]),
        SENSITIVITY: bounded(contract, _sensitivity(contract, chosen, reads, sizes)),
        "special": bounded(contract, [*special_values(reads.special_values(chosen.special)), *_structured(reads)]),
        "placement": bounded(contract, placements(reads.element_bytes, in_place=bool(contract.in_place))),
        LONG: bounded(contract, _long(chosen, reads)),
        HUGE: _huge(contract, chosen, reads),
    }


def _sensitivity(contract: Contract, chosen: Standard, reads: Reads, sizes: Iterable[int]) -> list[Entry]:
    """Dominant subsets for sums, peaks for maxima and minima, rows for all else; of an unknown result both."""
    repeats = chosen.repeats or reads.repeats
    found: list[Entry] = []
    if reads.is_sum:
        found += dominant_subsets(_dominant(chosen), sizes, most=chosen.subset) * repeats
    for lowest in reads.lowest:
        found += peaks(sizes, lowest=lowest)
    if not found:
        long_sizes = chosen.long_sizes if repeats == 1 else ()
        found += rows(chosen.sensitivity or contract.pattern, [*sizes, *long_sizes]) * repeats
    if reads.is_position:
        short = [size for size in sizes if 1 < size <= _SHORT]
        found += [*peaks(short), *peaks(short, lowest=True)] * 2
    return found


_SHORT = 33
"""Up to this size a row has a peak at each position."""


def _dominant(chosen: Standard) -> Dominant:
    pattern = chosen.sensitivity or Dominant()
    if not isinstance(pattern, Dominant):
        raise ContractError(
            f"standard: sensitivity: {pattern!r} does not show what a sum leaves out; expected dominant(...)"
        )
    return pattern


def _long(chosen: Standard, reads: Reads) -> list[Entry]:
    found: list[Entry] = []
    if reads.is_sum and (chosen.repeats or reads.repeats) == 1:
        found += dominant_subsets(_dominant(chosen), chosen.long_sizes, most=chosen.subset)
    for lowest in reads.lowest:
        found += [*peaks_by_lanes(_PEAK_SIZES, lowest=lowest), *peaks(chosen.long_sizes, lowest=lowest)]
    return found


def _structured(reads: Reads) -> list[Entry]:
    if reads.is_sum and reads.repeats == 1:
        return structured([_STRUCTURED, _LONG_STRUCTURED])
    return structured([_STRUCTURED]) if reads.is_sum or reads.lowest else []


def _huge(contract: Contract, chosen: Standard, reads: Reads) -> list[Entry]:
    """Rows beyond 31 and 32 bits of a byte count and, where none has to be written, 31 bits of an index.

    A maximum is the last element, or the first one beyond 31 bits.
    """
    if sparse_obstacle(contract):
        return []
    first, second, index = (2**31 // reads.widest_bytes + 3, 2**32 // reads.widest_bytes + 5, _BEYOND_AN_INDEX)
    sizes = [first, second, *([index] if second < 2**31 and not reads.writes else [])]
    if not reads.lowest:
        return [sparse(chosen.huge, size) for size in sizes]
    peaks_at = [*((size, size - 1) for size in sizes), (second, first - 3)]
    patterns = {False: Dominant(1.0, 2.0, is_signed=False), True: Dominant(-2.0, -1.0, is_signed=False)}
    return list(
        chain.from_iterable([sparse(patterns[lowest], size, [at]) for size, at in peaks_at] for lowest in reads.lowest)
    )
