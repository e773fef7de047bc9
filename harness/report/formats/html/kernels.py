"""What is drawn of each kernel: headroom by width and size, how much of the tolerance is used, error against size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.model import Verdict
from harness.report.formats.html import plots
from harness.report.formats.html.cases import name_in_data
from harness.report.run import NOT_RUN, has_failed
from harness.report.text import clipped

_MAX_HEAT_ROWS = 40
_MAX_HEAT_CELLS = 7_000
"""Of all kernels, so that the page stays below 5 MB."""
_MAX_SAMPLES = 160
_NAME_CHARACTERS = 300
_ERRORS_CAPTION = (
    "Error against n, of the case of each size that uses the most of its tolerance, red where it failed; "
    "the line is the tightest tolerance at about that size, a stem leads to a looser one"
)
Numbers = Mapping[int, int]
"""Of the failures that have a place on the page, by their index in the run."""


def kernels_of(verdicts: Sequence[Verdict], kernels: Sequence[str], failures: Numbers) -> list[dict[str, Any]]:
    """Return what the page shows of each of these kernels."""
    members: dict[str, list[int]] = {kernel: [] for kernel in kernels}
    for index, verdict in enumerate(verdicts):
        if verdict.kernel in members and verdict.case is not None and verdict.outcome not in NOT_RUN:
            members[verdict.kernel].append(index)
    drawn: list[dict[str, Any]] = []
    room = _MAX_HEAT_CELLS
    for name, indices in members.items():
        if indices and room > 0:
            drawn.append(_kernel(name, verdicts, indices, failures))
            room -= len(drawn[-1]["bins"]) * len(drawn[-1]["heat"])
    return drawn


def _kernel(name: str, verdicts: Sequence[Verdict], indices: Sequence[int], failures: Numbers) -> dict[str, Any]:
    mine = [verdicts[index] for index in indices]
    sized = [index for index in indices if verdicts[index].sizes]
    bins = sorted({_bin(_size(verdicts[index])) for index in sized})
    label = clipped(name, _NAME_CHARACTERS)
    shares = [1 - v.finding.headroom for v in mine if v.finding.headroom is not None]
    drawings = []
    if shares:
        drawings.append(
            {
                "svg": plots.used_shares(shares, label),
                "caption": "Cases by the share of their tolerance that they use; both scales are logarithmic",
            }
        )
    samples = _samples(verdicts[index] for index in sized)
    if samples:
        limits = _limits(verdicts[index] for index in sized)
        drawings.append({"svg": plots.errors_by_size(samples, limits, label), "caption": _ERRORS_CAPTION})
    return {
        "name": label,
        "name_in_data": name_in_data(name),
        "bins": [_bin_text(number) for number in bins],
        "heat": _heat(verdicts, sized, bins, failures),
        "plots": drawings,
    }


def _size(verdict: Verdict) -> int:
    return max((size for _, size in verdict.sizes), default=0)


def _bin(size: int) -> int:
    """Sizes are binned by powers of two: 0, 1, 2 to 3, 4 to 7."""
    return size.bit_length()


def _bin_text(number: int) -> str:
    low = 1 << number - 1 if number else 0
    return f"{low >> 20}Mi" if low >= 1 << 20 else f"{low >> 10}Ki" if low >= 1 << 10 else str(low)


def _heat(
    verdicts: Sequence[Verdict], indices: Iterable[int], bins: Sequence[int], failures: Numbers
) -> list[dict[str, Any]]:
    cells: dict[tuple[str, int | None], dict[int, list[int]]] = {}
    targets = {verdicts[index].target for index in indices}
    for index in indices:
        verdict = verdicts[index]
        row = cells.setdefault((verdict.target, verdict.vector_bits), {})
        row.setdefault(_bin(_size(verdict)), []).append(index)
    rows = []
    for (target, vector_bits), by_bin in list(cells.items())[:_MAX_HEAT_ROWS]:
        width = str(vector_bits or "-")
        label = width if len(targets) == 1 else f"{clipped(target, 40)} {width}"
        texts = [_cell(verdicts, by_bin.get(number, []), f"n from {_bin_text(number)}", failures) for number in bins]
        rows.append({"label": label, "target": name_in_data(target), "bits": width, "cells": texts})
    return rows


def _cell(verdicts: Sequence[Verdict], indices: Sequence[int], where: str, failures: Numbers) -> dict[str, Any]:
    if not indices:
        return {"colour": "", "title": "", "text": "", "failure": None, "leads": False}
    failing = [index for index in indices if has_failed(verdicts[index])]
    headrooms = [h for index in indices if (h := verdicts[index].finding.headroom) is not None and not math.isnan(h)]
    headroom = min(headrooms, default=None)
    if failing:
        title = f"{where}: {len(failing)} of {len(indices)} cases failed"
        shown = min((failures[index] for index in failing if index in failures), default=None)
        return {"colour": "cf", "title": title, "text": "✗", "failure": shown, "leads": True}
    texts = "no error measured" if headroom is None else f"headroom {100 * headroom:.0f} %"
    text = "·" if headroom is None else f"{100 * headroom:.0f}"
    return {
        "colour": plots.colour(headroom),
        "title": f"{where}: {len(indices)} cases, {texts}",
        "text": text,
        "failure": None,
        "leads": False,
    }


def _samples(verdicts: Iterable[Verdict]) -> list[plots.Sample]:
    """Take the case with the least headroom of each size, and of neighbouring sizes if there are many."""
    by_size: dict[int, list[plots.Sample]] = {}
    for verdict in verdicts:
        headroom, tolerance_ulp = verdict.finding.headroom, verdict.finding.tolerance_ulp
        if headroom is not None and tolerance_ulp is not None and not math.isnan(headroom * tolerance_ulp):
            size = _size(verdict)
            error_ulp = (1 - headroom) * tolerance_ulp  # of the worst element, whose tolerance this is
            by_size.setdefault(size, []).append(plots.Sample(size, error_ulp, tolerance_ulp, has_failed(verdict)))
    sizes = sorted(by_size)
    step = -(-len(sizes) // _MAX_SAMPLES) or 1
    groups = (sizes[start : start + step] for start in range(0, len(sizes), step))
    return [max((s for size in group for s in by_size[size]), key=_used) for group in groups]


def _limits(verdicts: Iterable[Verdict]) -> list[plots.Limit]:
    """Return the tightest tolerance of every half octave of sizes, at the size that has it."""
    tightest: dict[int, plots.Limit] = {}
    for verdict in verdicts:
        ulp = verdict.finding.tolerance_ulp
        if ulp is not None and 0 < ulp < math.inf:
            size = _size(verdict)
            column = round(2 * math.log2(1 + size))
            tightest[column] = min(tightest.get(column, (size, ulp)), (size, ulp), key=lambda limit: limit[1])
    return [limit for _, limit in sorted(tightest.items())]


def _used(sample: plots.Sample) -> tuple[bool, float]:
    return sample.has_failed, sample.error_ulp / sample.tolerance_ulp if sample.tolerance_ulp else 0.0
