"""Outputs of sparse cases: runs of equal elements, laid beside what the sites and the zeros between them must yield."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.judge.compare import Comparison, compare
from harness.judge.reference import Expected
from harness.model import Case, Runs
from harness.numerics.formats import storage

Stretches = NDArray[np.int64]


def compare_runs(name: str, runs: Runs, expected: Expected, case: Case) -> Comparison:
    """Judge an output of a sparse case. What lies behind the last run that the guest reported is wrong.

    A right result has few runs: its elements differ at the sites only, and where a kernel goes over to its tail.
    """
    raw, wanted = _beside(runs, expected, case.sites)
    comparison = compare(name, raw, wanted)
    untold = case.sparse_elements - runs.covered
    return replace(
        comparison,
        wrong_elements=comparison.wrong_elements + untold,
        elements=comparison.elements + untold,
    )


def _beside(runs: Runs, expected: Expected, sites: tuple[int, ...]) -> tuple[bytes, Expected]:
    """Return one element per stretch over which both output and expectation are constant, and what is due there."""
    starts = _starts(runs)
    dominant = np.asarray(sites, np.int64)
    edges = np.unique(np.concatenate([starts, dominant, dominant + 1]))
    edges = edges[edges <= starts[-1]]
    first, counts = edges[:-1], np.diff(edges)
    nearest = np.minimum(np.searchsorted(dominant, first), dominant.size - 1)
    entry = np.where(dominant[nearest] == first, nearest, dominant.size)
    wanted = replace(
        expected,
        want=expected.want[entry],
        tolerance=expected.tolerance[entry],
        ulp=expected.ulp[entry],
        other=None if expected.other is None else expected.other[entry],
        first=first,
        counts=counts,
    )
    return _elements_at(runs, first, storage(expected.dtype)).tobytes(), wanted


def abreast(one: bytes | Runs, other: bytes | Runs, dtype: str) -> tuple[NDArray[Any], NDArray[Any], Stretches]:
    """Return the elements of two outputs that may differ, and their places; of runs one for each stretch."""
    if not (isinstance(one, Runs) and isinstance(other, Runs)):
        assert isinstance(one, bytes)
        assert isinstance(other, bytes)
        first, second = np.frombuffer(one, dtype), np.frombuffer(other, dtype)
        return first, second, np.arange(first.size)
    places = np.unique(np.concatenate([_starts(one), _starts(other)]))
    places = places[places < min(one.covered, other.covered)]
    return _elements_at(one, places, dtype), _elements_at(other, places, dtype), places


def _starts(runs: Runs) -> Stretches:
    """Where each run begins, and where the last one ends."""
    return np.cumsum([0, *runs.counts], dtype=np.int64)


def _elements_at(runs: Runs, places: Stretches, dtype: str) -> NDArray[Any]:
    bits = np.array(runs.elements, "<u8").astype(f"<u{np.dtype(dtype).itemsize}")
    return bits.view(dtype)[np.searchsorted(_starts(runs), places, side="right") - 1]
