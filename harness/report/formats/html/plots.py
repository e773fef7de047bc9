"""Drawings as SVG: error distributions, error against size, lanes. Colours are the style sheet's; text is escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from harness.report.text import visible

_WIDTH, _HEIGHT = 420, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 22, 24
_LANES_PER_ROW = 16
_LANE_WIDTH, _LANE_HEIGHT = 24, 26
_LANES_LEFT = 48
_DECADES, _BARS_PER_DECADE = 3, 4
_BARS = _DECADES * _BARS_PER_DECADE
"""Of the histogram, from a thousandth of the tolerance to the whole."""
Limit = tuple[int, float]
"""A size, and the tightest tolerance in ULPs of the cases of about that size."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The case of a size that uses the most of its tolerance: its error and its tolerance, in ULPs."""

    size: int
    error_ulp: float
    tolerance_ulp: float
    has_failed: bool


def colour(headroom: float | None) -> str:
    """Return the style class of a headroom."""
    if headroom is None or math.isnan(headroom):
        return "cn"
    return "cf" if headroom < 0 else f"c{int(min(3.0, 4 * headroom))}"


def used_shares(shares: Sequence[float], label: str) -> Markup:
    """Draw how much of their tolerance cases use, on logarithmic scales: few use more than a tenth, and those matter.

    The first bar has the exact results, the second what is below the scale, the last what is beyond the tolerance.
    """
    counts = [0] * (_BARS + 3)
    for share in shares:
        counts[_bar(share)] += 1
    top = max(*counts, 1)
    step = (_WIDTH - _LEFT - _RIGHT) / len(counts)
    decade = _BARS_PER_DECADE * step
    names = [("exact", 0.5 * step), ("1 %", 2 * step + decade), ("10 %", 2 * step + 2 * decade)]
    names.append(("> 100 %", (_BARS + 2.5) * step))
    parts = _axes([name for name, _ in names], [x for _, x in names], _counts(top), "cases")
    for number, count in enumerate(counts):
        if count:
            # Logarithmic: one case must be seen beside thousands.
            height = (_HEIGHT - _TOP - _BOTTOM) * math.log1p(count) / math.log1p(top)
            kind = "bar miss" if number == _BARS + 2 else "bar"
            x, y = _LEFT + number * step, _HEIGHT - _BOTTOM - height
            parts.append(f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{step - 1:.1f}" height="{height:.1f}"/>')
    texts = f"{label}: of {len(shares)} cases {counts[0]} are exact and {counts[-1]} beyond their tolerance"
    return _svg(parts, _WIDTH, _HEIGHT, texts)


def _bar(share: float) -> int:
    if math.isnan(share) or share > 1:
        return _BARS + 2
    if share <= 0:
        return 0
    return max(1, 2 + min(_BARS - 1, math.floor(_BARS_PER_DECADE * (math.log10(share) + _DECADES))))


def _counts(top: int) -> list[tuple[str, float]]:
    powers = [10**power for power in range(int(math.log10(top)) + 1)]
    return [("0", 0.0), *((str(count), math.log1p(count) / math.log1p(top)) for count in powers)]


def errors_by_size(samples: Sequence[Sample], limits: Sequence[Limit], label: str) -> Markup:
    """Draw the error of each size and the tightest tolerance as a line above it, both on logarithmic scales.

    Elements have tolerances of their own: a sample that is above the line and within its own has a stem up to that.
    """
    finite = [s.error_ulp for s in samples if 0 < s.error_ulp < math.inf] + [ulp for _, ulp in limits]
    low, high = min(finite, default=0.1), max(finite, default=1.0)
    bottom, top = math.floor(math.log10(max(low, high / 1e6))), math.ceil(math.log10(high) + 1e-9)
    largest = max((s.size for s in samples), default=1)

    def x(size: int) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * math.log2(1 + size) / max(1.0, math.log2(1 + largest))

    def y(ulp: float) -> float:
        height = (math.log10(ulp) - bottom) / max(1, top - bottom) if ulp > 0 else 0.0
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * min(1.0, max(0.0, height))

    ticks = [(_power(power), (power - bottom) / max(1, top - bottom)) for power in range(bottom, top + 1)]
    places = [size for size in (1, 32, 1024, 32768, 1 << 20, 1 << 30) if size <= largest] or [largest]
    parts = _axes([f"n = {size}" for size in places], [x(size) - _LEFT for size in places], ticks, "ULP")
    line = " ".join(f"{x(size):.1f},{y(ulp):.1f}" for size, ulp in limits)
    parts.append(f'<polyline class="limit" points="{line}"/>')
    tightest = dict(limits)
    for s in samples:
        left, own = x(s.size), y(s.tolerance_ulp)
        if not s.has_failed and s.error_ulp > _limit_at(limits, s.size, tightest):
            parts.append(
                f'<path class="stem" d="M{left:.1f} {y(s.error_ulp):.1f}V{own:.1f}M{left - 3:.1f} {own:.1f}h6"/>'
            )
        kind = "miss" if s.has_failed else "point"
        parts.append(f'<circle class="{kind}" cx="{left:.1f}" cy="{y(s.error_ulp):.1f}" r="2.5"/>')
    return _svg(parts, _WIDTH, _HEIGHT, f"{label}: error in ULPs by size, and the tightest tolerance as a line")


def _limit_at(limits: Sequence[Limit], size: int, tightest: Mapping[int, float]) -> float:
    """Return the line's height at a size: between two of its points, the lower."""
    if size in tightest:
        return tightest[size]
    before = [ulp for at, ulp in limits if at < size][-1:]
    return min(before + [ulp for at, ulp in limits if at > size][:1], default=math.inf)


def _power(power: int) -> str:
    return f"{10.0**power:g}" if -3 <= power <= 4 else f"1e{power}"


def lanes(first: int, shares: Sequence[float], worst: int, lanes_per_vector: int, label: str) -> Markup:
    """Draw elements in rows, with a mark where each vector begins; the number in a box is its lane."""
    begin = first - first % _LANES_PER_ROW
    parts: list[str] = []
    for number, share in enumerate(shares):
        element = first + number
        row, column = divmod(element - begin, _LANES_PER_ROW)
        x, y, lane = _LANES_LEFT + column * _LANE_WIDTH, row * _LANE_HEIGHT + 2, element % lanes_per_vector
        if column == 0 or number == 0:
            parts.append(f'<text x="{x - 5}" y="{y + 15}" text-anchor="end">{element}</text>')
        kind = colour(1 - share) if not math.isnan(share) else "cf"
        size = f'width="{_LANE_WIDTH - 1}" height="{_LANE_HEIGHT - 4}"'
        parts.append(f'<rect class="lane {kind}" x="{x}" y="{y}" {size}/>')
        on = "on-dark" if kind == "cf" else "on-light"
        parts.append(
            f'<text class="{on}" x="{x + _LANE_WIDTH / 2 - 1}" y="{y + 15}" text-anchor="middle">{lane}</text>'
        )
        if lane == 0:
            parts.append(f'<line class="edge" x1="{x - 1}" x2="{x - 1}" y1="{y - 1}" y2="{y + _LANE_HEIGHT - 3}"/>')
        if element == worst:
            parts.append(f'<rect class="worst" x="{x}" y="{y}" {size}/>')
    rows = (first + len(shares) - 1 - begin) // _LANES_PER_ROW + 1
    return _svg(parts, _LANES_LEFT + _LANES_PER_ROW * _LANE_WIDTH + 2, rows * _LANE_HEIGHT + 4, label, "lanes")


def headroom_by_run(headrooms: Sequence[float | None], runs: Sequence[str], label: str) -> Markup:
    """Draw the headroom from run to run; what failed is at the bottom, and None, where none was measured, is a gap."""
    step = (_WIDTH - _LEFT - _RIGHT - 20) / max(1, len(runs) - 1)
    ends = [runs[0], runs[-1]] if len(runs) > 1 else list(runs)
    parts = _axes(ends, [0, step * (len(runs) - 1)], [("0 %", 0.0), ("50 %", 0.5), ("100 %", 1.0)], "")
    points = [
        (
            _LEFT + 10 + number * step,
            _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * min(1.0, max(0.0, headroom)),
            headroom,
        )
        for number, headroom in enumerate(headrooms)
        if headroom is not None and not math.isnan(headroom)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
    parts.append(f'<polyline class="limit" points="{line}"/>')
    for x, y, headroom in points:
        parts.append(f'<circle class="{"miss" if headroom < 0 else "point"}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
    return _svg(parts, _WIDTH, _HEIGHT, label)


def _axes(names: Sequence[str], offsets: Iterable[float], ticks: Sequence[tuple[str, float]], unit: str) -> list[str]:
    base, height = _HEIGHT - _BOTTOM, _HEIGHT - _TOP - _BOTTOM
    parts = [f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{base}" y2="{base}"/>']
    parts.append(f'<text x="{_LEFT - 6}" y="{_TOP - 8}" text-anchor="end">{_safe(unit)}</text>')
    for name, offset in zip(names, offsets, strict=False):
        anchor = "end" if offset > _WIDTH - _LEFT - 60 else "start" if offset < 30 else "middle"
        parts.append(f'<text x="{_LEFT + offset:.1f}" y="{base + 16}" text-anchor="{anchor}">{_safe(name)}</text>')
    for name, share in ticks[:: max(1, len(ticks) // 6)]:
        y = base - height * share
        parts.append(f'<line class="axis" x1="{_LEFT - 4}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_safe(name)}</text>')
    return parts


def _svg(parts: Sequence[str], width: float, height: float, label: str, kind: str = "plot") -> Markup:
    head = f'<svg class="{kind}" role="img" viewBox="0 0 {width} {height}" aria-label="{_safe(label)}">'
    return Markup(head + "".join(parts) + "</svg>")  # every text in it went through _safe


def _safe(text: str) -> str:
    return str(escape(visible(text)))
