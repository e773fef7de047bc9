"""Every case as data for the page's script: columns of small numbers, and the names that they stand for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from harness.model import Verdict
from harness.report.run import has_failed
from harness.report.table import headroom_text, ulp_text
from harness.report.text import clipped, visible

LIMIT_CHARACTERS = 2_200_000
"""Of the data, so that the page stays below 5 MB whatever the names are."""
_NAME_CHARACTERS = 120
_ROW_CHARACTERS = 36
"""Of a row's numbers, generously."""
_NAMED = ("outcome", "kernel", "target", "build", "bits", "suite", "case")


def case_data(verdicts: Sequence[Verdict], failures: Mapping[int, int]) -> tuple[dict[str, Any], int]:
    """Return the data and the number of verdicts that did not fit. Failures come first, and fit before what passed."""
    names: dict[str, dict[object, int]] = {column: {} for column in _NAMED}
    rows: dict[str, list[Any]] = {column: [] for column in (*_NAMED, "ulp", "headroom")}
    shown: dict[int, int] = {}
    room = LIMIT_CHARACTERS
    order = sorted(range(len(verdicts)), key=lambda index: not has_failed(verdicts[index]))
    for count, index in enumerate(order):
        verdict = verdicts[index]
        values = _values(verdict)
        room -= _ROW_CHARACTERS + sum(_written(value) for column, value in values.items() if value not in names[column])
        if room < 0:
            return _data(names, rows, shown), len(order) - count
        for column, value in values.items():
            rows[column].append(names[column].setdefault(value, len(names[column])))
        rows["ulp"].append(ulp_text(verdict.finding.max_ulp))
        rows["headroom"].append(headroom_text(verdict.finding.headroom))
        if index in failures:
            shown[count] = failures[index]
    return _data(names, rows, shown), 0


def _data(
    names: Mapping[str, Mapping[object, int]], rows: Mapping[str, list[Any]], shown: Mapping[int, int]
) -> dict[str, Any]:
    return {
        "count": len(rows["outcome"]),
        "names": {column: list(values) for column, values in names.items()},
        "rows": rows,
        "failures": shown,
    }


def _values(verdict: Verdict) -> dict[str, object]:
    return {
        "outcome": verdict.outcome.value,
        "kernel": name_in_data(verdict.kernel),
        "target": name_in_data(verdict.target),
        "build": name_in_data(verdict.build),
        "bits": verdict.vector_bits or "-",
        "suite": name_in_data(verdict.suite),
        "case": name_in_data(verdict.case),
    }


def _written(name: object) -> int:
    """Characters that a name takes in the page, where what HTML is made of is written as an escape."""
    text = json.dumps(name)
    return len(text) + 1 + 5 * sum(text.count(character) for character in "<>&")


def name_in_data(text: str | None) -> str:
    """Return what the filters of the page call it."""
    return clipped(visible(text), _NAME_CHARACTERS) if text else "-"
