"""The standard suites of ops of several sizes, or of none; and which cases are small enough to be drawn."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence

from harness.contract.circumstances import placements, special_values
from harness.contract.entries import ByLanes, Entry, Sized, around_lanes
from harness.contract.matrices import paired, row_lengths
from harness.contract.reading import Reads
from harness.contract.standard import BEYOND_16_BITS, Standard
from harness.contract.suites import SENSITIVITY
from harness.errors import ContractError
from harness.model import Contract
from harness.model.patterns import Dominant

_VALUES = (0, 1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 33)
_FEW_VALUES = (0, 1, 2, 3, 5, 8, 9)
"""Values where there are more than three sizes, whose product counts."""
_MANY_SIZES = 4
_PROVING = (1, 2, 3, 5, 8, 17)
_FEW_PROVING = (1, 2, 3, 5)
_BESIDE_LANES = (1, 4, 7)
_MULTIPLES = (1, 2, 4)
_USUAL = (5, 37, 9, 3, 7, 2, 11)
"""Different primes but one, so that one size taken for another shows."""
_EVEN = (4, 16, 3, 2, 5, 2, 3)
_PROVING_REPEATS = 2
"""Rows of each size: neighbours of one may be nearly equal."""
_WITHOUT_SIZES = 16
"""Rows of an op whose buffers have one length."""


def suites(contract: Contract, chosen: Standard, reads: Reads) -> dict[str, list[Entry]]:
    """Return the standard suites of an op whose sizes are none or several."""
    strides = strides_of(contract)
    names = [name for name in contract.size_names if name not in strides]
    at = list(chosen.at) or _usual_sizes(names, strides)
    pattern = chosen.sensitivity or (Dominant() if reads.is_sum else contract.pattern)
    repeats = chosen.repeats or max(_PROVING_REPEATS, reads.repeats)
    found: dict[str, list[Entry]] = {}
    if names:
        values, proving = _values(names, chosen)
        found["boundary"] = bounded(contract, paired(None, values, strides))
        found["residues"] = bounded(contract, _residues(names, strides))
        found[SENSITIVITY] = bounded(contract, paired(pattern, proving, strides) * repeats)
    else:
        found["boundary"] = [Sized({})] * _WITHOUT_SIZES
        found[SENSITIVITY] = [Sized({}, pattern)] * _WITHOUT_SIZES
    found["special"] = special_values(reads.special_values(chosen.special), at=at[0])
    found["placement"] = placements(reads.element_bytes, in_place=bool(contract.in_place), at=at)
    return found


def _values(
    names: Sequence[str], chosen: Standard
) -> tuple[Mapping[str, Iterable[Entry]], Mapping[str, Iterable[Entry]]]:
    """Return the values of each size, those of `boundary` and those of `sensitivity`."""
    is_many = len(names) >= _MANY_SIZES
    if isinstance(chosen.sizes, Mapping) and chosen.sizes:
        return chosen.sizes, {name: [one for one in values if one != 0] for name, values in chosen.sizes.items()}
    return (
        dict.fromkeys(names, _FEW_VALUES if is_many else _VALUES),
        dict.fromkeys(names, _FEW_PROVING if is_many else _PROVING),
    )


def _residues(names: Sequence[str], strides: Mapping[str, str]) -> list[Entry]:
    """Any of the sizes may be the one that vectors go along."""
    found: list[Entry] = []
    for along in names:
        values: dict[str, Iterable[Entry]] = {
            name: around_lanes(_MULTIPLES, -1, 1) if name == along else _BESIDE_LANES for name in names
        }
        found += paired(None, values, strides)
    return found


def _usual_sizes(names: Sequence[str], strides: Mapping[str, str]) -> list[dict[str, int]]:
    """Return sizes for cases about values and addresses: rows that are apart, and rows that are not."""
    found = []
    for values, beyond in ((_USUAL, 1), (_EVEN, 0)):
        sizes = {name: values[rank % len(values)] for rank, name in enumerate(names)}
        lengths = row_lengths(strides, names)
        found.append({**sizes, **{name: length(sizes) + beyond for name, length in lengths.items()}})
    return found


def strides_of(contract: Contract) -> dict[str, str]:
    """Return the sizes that are distances of rows, with the length of these rows in the other sizes."""
    found: dict[str, str] = {}
    for extent in contract.extents.values():
        dimensions, _, distance = (piece.strip() for piece in extent.text.partition(":"))
        if distance in contract.size_names:
            found.setdefault(distance, dimensions.rpartition(",")[2].strip())
    others = {name for name in contract.size_names if name not in found}
    return {name: length for name, length in found.items() if others.issuperset(_NAME.findall(length))}


_NAME = re.compile(r"[A-Za-z_]\w*")
_MOST_ELEMENTS = 1 << 20
"""In all buffers of a case."""


def bounded(contract: Contract, entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries whose buffers can be drawn: not too long, and without rows that overlap."""
    if (
        len(contract.size_names) == 1
        and _elements(contract, {contract.size_names[0]: max(BEYOND_16_BITS)}) <= _MOST_ELEMENTS
    ):
        return list(entries)  # as long as a row

    def fits(entry: int | Sized) -> bool:
        sizes = entry.sizes if isinstance(entry, Sized) else entry
        by_name = {contract.size_names[0]: sizes} if isinstance(sizes, int) else sizes
        return _elements(contract, by_name) <= _MOST_ELEMENTS

    def those_of(entry: ByLanes) -> ByLanes:
        return ByLanes(lambda lanes, allowed: [one for one in entry.entries(lanes, allowed) if fits(one)])

    return [
        those_of(entry) if isinstance(entry, ByLanes) else entry
        for entry in entries
        if isinstance(entry, ByLanes) or fits(entry)
    ]


def _elements(contract: Contract, sizes: Mapping[str, int]) -> float:
    try:
        return sum(extent.count(sizes) for extent in contract.extents.values())
    except ContractError:  # rows overlap
        return math.inf
