"""What is drawn of each kernel: headroom by width and size, how much of the tolerance is used, error against size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.model import Verdict
from harness.report.html import plots
from harness.report.run import NOT_RUN, has_failed
from harness.report.text import clipped

_MAX_HEAT_ROWS = 40
_MAX_SAMPLES = 160
_NAME_CHARACTERS = 300
Numbers = Mapping[int, int]
"""Of the failures that have a place on the page, by their index in the run."""


def kernels_of(verdicts: Sequence[Verdict], kernels: Sequence[str], failures: Numbers) -> list[dict[str, Any]]:
    """Return what the page shows of each of these kernels."""
    members: dict[str, list[int]] = {kernel: [] for kernel in kernels}
    for index, verdict in enumerate(verdicts):
        if verdict.kernel in members and verdict.case is not None and verdict.outcome not in NOT_RUN:
            members[verdict.kernel].append(index)
    return [_kernel(name, verdicts, indices, failures) for name, indices in members.items() if indices]


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
                "caption": "Cases by the share of their tolerance that they use (logarithmic)",
            }
        )
    samples = _samples(verdicts[index] for index in sized)
    if samples:
        caption = "Error in ULPs against n, of the case with the least headroom; the line is its tolerance"
        drawings.append({"svg": plots.errors_by_size(samples, label), "caption": caption})
    return {
        "name": label,
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
        told = [
            _cell(verdicts, by_bin.get(number, []), f"{label} bits, n from {_bin_text(number)}", failures)
            for number in bins
        ]
        rows.append({"label": label, "cells": told})
    return rows


def _cell(verdicts: Sequence[Verdict], indices: Sequence[int], where: str, failures: Numbers) -> dict[str, Any]:
    if not indices:
        return {"colour": "", "title": f"{where}: no case", "text": "", "failure": None}
    failing = [index for index in indices if has_failed(verdicts[index])]
    headrooms = [h for index in indices if (h := verdicts[index].finding.headroom) is not None and not math.isnan(h)]
    headroom = min(headrooms, default=None)
    if failing:
        title = f"{where}: {len(failing)} of {len(indices)} cases failed"
        shown = min((failures[index] for index in failing if index in failures), default=None)
        return {"colour": "cf", "title": title, "text": "✗", "failure": shown}
    told = "no error measured" if headroom is None else f"headroom {100 * headroom:.0f} %"
    text = "·" if headroom is None else f"{100 * headroom:.0f}"
    return {
        "colour": plots.colour(headroom),
        "title": f"{where}: {len(indices)} cases, {told}",
        "text": text,
        "failure": None,
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


def _used(sample: plots.Sample) -> tuple[bool, float]:
    return sample.has_failed, sample.error_ulp / sample.tolerance_ulp if sample.tolerance_ulp else 0.0
