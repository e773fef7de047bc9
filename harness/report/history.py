"""How kernels fared from run to run: cases passed, errors and headroom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.model import Outcome
from harness.report.table import headroom_text, ulp_text
from harness.report.text import visible

_LEVELS = "▁▂▃▄▅▆▇█"
_PLAIN_LEVELS = "12345678"
_FAILED = "x"
_UNKNOWN = "."
_FINE = (Outcome.PASS.value, Outcome.EXPECTED_FAILURE.value)


@dataclass(frozen=True, slots=True)
class Point:
    """What one run says of one kernel."""

    run: str
    started: str
    passed: int
    cases: int
    has_failed: bool
    max_ulp: float | None
    headroom: float | None


def points(records: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Point]]:
    """Return, by kernel, a point per run that judged it. `records` is by the runs' names, the oldest first."""
    kernels: dict[str, list[Point]] = {}
    for name, record in records.items():
        rows: dict[str, list[Mapping[str, Any]]] = {}
        for row in record["verdicts"]:
            if row["outcome"] not in (Outcome.UNAVAILABLE.value, Outcome.NOT_APPLICABLE.value):
                rows.setdefault(row["kernel"], []).append(row)
        for kernel, group in rows.items():
            kernels.setdefault(kernel, []).append(_point(name, record["started"], group))
    return kernels


def _point(name: str, started: str, rows: Sequence[Mapping[str, Any]]) -> Point:
    ulps = [float(row["max_ulp"]) for row in rows if row["max_ulp"] is not None]
    headrooms = [float(row["headroom"]) for row in rows if row["headroom"] is not None]
    passed = sum(row["outcome"] == Outcome.PASS.value for row in rows)
    has_failed = any(row["outcome"] not in _FINE for row in rows)
    return Point(name, started, passed, len(rows), has_failed, max(ulps, default=None), min(headrooms, default=None))


def render(kernels: Mapping[str, Sequence[Point]], *, plain: bool) -> str:
    """Return a line of the headroom per kernel, and what the last run said of it."""
    from tabulate import tabulate

    rows = [
        [
            visible(kernel),
            "".join(_level(point, plain=plain) for point in history),
            f"{history[-1].passed}/{history[-1].cases}",
            ulp_text(history[-1].max_ulp),
            headroom_text(history[-1].headroom),
            visible(history[-1].run),
        ]
        for kernel, history in sorted(kernels.items())
    ]
    headers = ("kernel", "headroom, old to new", "cases passed", "max ULP", "headroom", "last run")
    legend = f"{_FAILED} a case failed, {_UNKNOWN} no error was measured; runs may have had different suites and builds"
    return f"{tabulate(rows, headers, disable_numparse=True)}\n\n{legend}"


def _level(point: Point, *, plain: bool) -> str:
    if point.has_failed:
        return _FAILED
    if point.headroom is None:
        return _UNKNOWN
    levels = _PLAIN_LEVELS if plain else _LEVELS
    return levels[min(len(levels) - 1, max(0, int(point.headroom * len(levels))))]
