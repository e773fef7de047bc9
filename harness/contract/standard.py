"""What a contract says about its standard suites; harness.contract.derivation makes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.contract.entries import Entry, around, every
from harness.contract.suites import Matrix
from harness.errors import ContractError
from harness.model import Pattern
from harness.model.patterns import Dominant

SIZES = (*every(1, 33), *around([256, 1024], -2, 2), 4096)
"""The sizes of an op that says nothing else."""
MORE_SIZES = (*every(1, 33), *around([256, 1024, 4096], -4, 4), 8192, 32_768)
"""More of them, for ops whose rows are long in practice."""
BEYOND_16_BITS = (65_535, 65_536, 65_537)
"""The last size that 16 bits hold, and the next two."""
_SUBSET = 2048

Suites = Mapping[str, Iterable[Entry] | Matrix]


@dataclass(frozen=True, slots=True)
class Standard:
    """What a contract says about its standard suites; made by `standard`."""

    sizes: tuple[int, ...] | Mapping[str, tuple[Entry, ...]]
    long_sizes: tuple[int, ...]
    sensitivity: Pattern | None
    subset: int
    repeats: int | None
    special: tuple[str, ...]
    huge: Dominant
    at: tuple[Mapping[str, int], ...]
    changes: Suites = field(default_factory=dict)
    """Suites that are added, or there in the place of standard ones."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Standard suites that are taken away, with the reason."""

    def __or__(self, suites: Suites) -> Standard:
        """Return the same with more suites, or with others in the place of standard ones."""
        return replace(self, changes={**self.changes, **suites})

    def without(self, *names: str, because: str) -> Standard:
        """Return the same without some of the suites; every run prints the reason.

        Raises:
            ContractError: there is no name or no reason.
        """
        if not names or not str(because).strip():
            raise ContractError('suites: without("huge", because="...") takes the names of suites and a reason')
        return replace(self, left_out={**self.left_out, **dict.fromkeys(names, because)})


def standard(
    sizes: Iterable[int] | Mapping[str, Iterable[Entry]] = (),
    long_sizes: Iterable[int] = BEYOND_16_BITS[-1:],
    *,
    sensitivity: Pattern | None = None,
    subset: int = _SUBSET,
    repeats: int | None = None,
    special: Iterable[str] = (),
    huge: Dominant | None = None,
    at: Sequence[Mapping[str, int]] = (),
) -> Standard:
    """The suites that follow from the rest of a contract.

    - `boundary`: no elements, each of `sizes`, a row of zeros, and `long_sizes`, which 16 bits do not hold;
    - `residues`: sizes by the lanes of the run, with each residue of an iteration of four vectors;
    - `sensitivity`: rows in which every element's part in the result shows: dominant subsets for sums, a peak at each
      position for maxima and minima, ordinary rows for all else;
    - `special`: the special values of the types that are read, and for reductions structured rows;
    - `placement`: every alignment over a cache line, and in place where the contract says so;
    - `long`: for reductions, what `sensitivity` has, in `long_sizes`; one build runs it;
    - `huge`: rows beyond 31 and 32 bits of a byte count, on request only; for passes over one size.

    Args:
        sizes: by default SIZES; of an op of several sizes the values of each by name, of which `boundary` has a cover
            of all pairs.
        long_sizes: sizes beyond 16 bits.
        sensitivity: how the rows of `sensitivity` and `long` are drawn: `dominant(...)` for sums, for all else any
            pattern, by default the contract's.
        subset: at most so many elements are dominant at a time.
        repeats: how often `sensitivity` has each row: by default once, and several times for types of up to 16 bits,
            whose neighbours are often alike. Those have no `long` rows: too many would be needed.
        special: names of special values beside the usual ones.
        huge: how the dominant elements of `huge` are drawn.
        at: of an op of several sizes, those of `placement`, in turn; the first is that of `special`.

    Raises:
        ContractError: an argument is not what it should be.
    """
    return Standard(
        {name: tuple(several) for name, several in sizes.items()} if isinstance(sizes, Mapping) else _ints(sizes),
        _ints(long_sizes),
        sensitivity,
        _positive("subset", subset),
        None if repeats is None else _positive("repeats", repeats),
        _names(special),
        Dominant() if huge is None else huge,
        tuple(at),
    )


def _ints(sizes: object) -> tuple[int, ...]:
    found = tuple(sizes) if isinstance(sizes, Iterable) and not isinstance(sizes, str) else (None,)
    if not all(isinstance(size, int) and size >= 0 for size in found):
        raise ContractError(f"standard: {sizes!r} is no list of sizes, such as [*every(1, 33), 1024]")
    return found


def _positive(what: str, number: Any) -> int:
    if not isinstance(number, int) or number < 1:
        raise ContractError(f"standard: {what}={number!r}; expected a number from 1 on")
    return number


def _names(special: Any) -> tuple[str, ...]:
    if isinstance(special, str):
        raise ContractError(f"standard: special={special!r} has to be a list: [{special!r}]")
    return tuple(special)
