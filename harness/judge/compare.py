"""Compare what a kernel wrote with what it had to write."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.judge.reference import Expected
from harness.model import RESIDUES, Array, Axis, Window, Worst, Wrong
from harness.model.prototype import BF16
from harness.numerics.formats import is_float, limits, storage, widened


@dataclass(frozen=True, slots=True)
class Comparison:
    """Numbers of one output against its expectation. Infinite errors stand for a wrong class (NaN, infinity)."""

    max_ulp: float
    mean_ulp: float
    headroom: float
    tolerance_ulp: float
    """Of the worst element."""
    worst: Worst | None
    wrong_elements: int
    elements: int
    wrong: Wrong | None = None
    """Which elements they are, of a row that is held whole."""
    is_exact: bool = False
    """Integers, or numbers that must be these and no others: their distance is not counted in ULPs."""

    @property
    def within(self) -> bool:
        """Whether every element is within its tolerance."""
        return self.wrong_elements == 0


EXACT = Comparison(0.0, 0.0, 1.0, 0.0, None, 0, 0)
"""The comparison of an output without elements."""
_WINDOW_REACH = 16
"""Elements on either side of the worst that a failure shows."""


def stored(raw: bytes, expected: Expected) -> NDArray[Any]:
    """View an output's raw bytes as its elements, bfloat16 as integers, without what stands between rows."""
    elements = np.frombuffer(raw, storage(expected.dtype))
    return elements[: expected.want.size] if expected.places is None else elements[expected.places]


def decode(raw: bytes, expected: Expected) -> NDArray[Any]:
    """View an output's raw bytes as numbers, without what stands between rows."""
    elements = stored(raw, expected)
    return widened(elements, BF16) if expected.dtype == BF16 else elements


def compare(name: str, raw: bytes, expected: Expected, columns: int | None = None) -> Comparison:
    """Judge one output, element by element: |got - want| <= tolerance, NaN and infinities by class.

    `columns` is the length of the rows of an array of several dimensions. The caller silences numpy's floating-point
    warnings: NaN and overflow are what this is about.
    """
    if expected.want.size == 0:
        return EXACT
    got, error, share = deviations(raw, expected)
    worst = int(share.argmax())
    ulps = error / expected.ulp
    counts = expected.counts
    is_within = share[worst] <= 1.0
    is_exact = not is_float(expected.dtype) or not expected.tolerance.any()
    return Comparison(
        max_ulp=float(np.maximum.reduce(ulps)),
        mean_ulp=float(np.add.reduce(ulps)) / ulps.size if counts is None else float(np.average(ulps, weights=counts)),
        headroom=1.0 - float(share[worst]),
        tolerance_ulp=float(expected.tolerance[worst] / expected.ulp[worst]),
        worst=Worst(
            name,
            _element(worst, expected),
            got[worst].item(),
            expected.want[worst].item(),
            None if is_exact else float(ulps[worst]),
            float(expected.tolerance[worst]),
            None if is_within or expected.is_scattered else _window(worst, got, expected),
        ),
        wrong_elements=0 if is_within else _number_of(~(share <= 1.0), counts),
        elements=_number_of(np.ones_like(share, bool), counts),
        wrong=None if is_within or expected.first is not None else wrong_among(name, ~(share <= 1.0), columns),
        is_exact=is_exact,
    )


def wrong_among(name: str, is_wrong: NDArray[np.bool_], columns: int | None = None) -> Wrong:
    """Return where the wrong elements of an output lie, of which there is one at least."""
    indices = np.flatnonzero(is_wrong)
    if columns is None or columns >= is_wrong.size:
        return Wrong(name, indices.size, (_axis(indices, is_wrong.size),))
    rows, of_row = np.divmod(indices, columns)
    return Wrong(name, indices.size, (_axis(rows, is_wrong.size // columns), _axis(of_row, columns)))


def _axis(indices: NDArray[np.intp], length: int) -> Axis:
    found = np.zeros(RESIDUES, bool)
    found[indices % RESIDUES] = True
    residues = int.from_bytes(np.packbits(found, bitorder="little").tobytes(), "little")
    return Axis(length, int(indices.min()), int(indices.max()), residues)


def deviations(raw: bytes, expected: Expected) -> tuple[Array, Array, Array]:
    """Return an output's elements, their errors, and these as shares of the tolerance: beyond 1 an element is wrong.

    The caller silences numpy's floating-point warnings.
    """
    got = decode(raw, expected)
    if is_float(expected.dtype):
        got = got.astype(np.float64)
        error = np.abs(got - expected.want)
    else:
        error = _distance(got, expected.want)
    if expected.other is not None:
        error = np.where(_same(got, expected.other), 0.0, error)
    share = error / expected.tolerance
    worst = int(share.argmax())
    if not math.isfinite(share[worst]):
        error = _by_class(got, expected, error)
        share = np.divide(error, expected.tolerance, out=np.zeros_like(error), where=error != 0)
        share[np.isinf(error)] = np.inf  # of a wrong class, whatever the tolerance is, which may be NaN there
    if expected.bounds and not _within_bounds(got, expected.bounds):
        beyond = (got < expected.bounds[0]) | (got > expected.bounds[1])
        error = np.where(beyond, np.inf, error)
        share = np.where(beyond, np.inf, share)
    return got, error, share


def _distance(got: NDArray[Any], want: NDArray[Any]) -> Array:
    """Return the distance of integers: exact, also where float64 has no room for either of them."""
    unsigned = f"u{got.dtype.itemsize}"
    above, below = np.maximum(got, want).view(unsigned), np.minimum(got, want).view(unsigned)
    distance: Array = (above - below).astype(np.float64)
    return distance


def _element(entry: int, expected: Expected) -> int:
    """Where in its buffer an entry of the expectation lies."""
    scattered = expected.first if expected.places is None else expected.places
    return entry if scattered is None else int(scattered[entry])


def _window(worst: int, got: Array, expected: Expected) -> Window:
    around = slice(max(0, worst - _WINDOW_REACH), worst + _WINDOW_REACH + 1)
    parts = (got[around], expected.want[around], expected.tolerance[around])
    return Window(around.start, *(tuple(part.tolist()) for part in parts))


def _number_of(entries: NDArray[np.bool_], counts: NDArray[np.int64] | None) -> int:
    """Count elements; an entry of a sparse row stands for several."""
    return int(np.count_nonzero(entries) if counts is None else counts[entries].sum())


def _same(got: Array, want: Array) -> Array:
    same: Array = (np.isnan(got) & np.isnan(want)) | (got == want)
    return same


def _within_bounds(got: Array, bounds: tuple[float, float]) -> bool:
    return bool(np.fmin.reduce(got) >= bounds[0] and np.fmax.reduce(got) <= bounds[1]) or bool(np.isnan(got).all())


def _by_class(got: Array, expected: Expected, error: Array) -> Array:
    """Make the error 0 where NaN or the same infinity was due and came, infinite where the class is wrong.

    A finite value whose tolerance reaches past the format's largest number may overflow to that infinity.
    """
    want = expected.want
    largest = limits(expected.dtype).largest if is_float(expected.dtype) else np.inf
    may_overflow = np.isinf(got) & (np.abs(want) + expected.tolerance > largest) & (np.sign(got) == np.sign(want))
    wrong = np.where(np.isfinite(error), error, np.inf)
    classified: Array = np.where(_same(got, want) | (error == 0) | (may_overflow & np.isfinite(want)), 0.0, wrong)
    return classified


def distance_ulp(raw: bytes, other: bytes, expected: Expected) -> float:
    """Return the largest distance, in ULPs of the reference, between two implementations' outputs."""
    if raw == other or expected.want.size == 0:
        return 0.0
    first, second = (decode(part, expected).astype(np.float64) for part in (raw, other))
    apart = np.abs(first - second)
    largest = float((apart / expected.ulp).max())
    if math.isfinite(largest):
        return largest
    return float(
        np.max(np.where(_same(first, second), 0.0, np.where(np.isfinite(apart), apart, np.inf)) / expected.ulp)
    )
