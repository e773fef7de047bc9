"""What changed from one run to another: new failures, what was fixed, and what became more or less accurate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import counted
from harness.model import Outcome, Verdict
from harness.report.run import NOT_RUN, RunResult, badness, has_failed
from harness.report.table import describe, headroom_text, ulp_text
from harness.report.text import visible

LOST_HEADROOM = 0.1
"""Share of the tolerance by which the worst case of a group comes closer to its limit when that is a regression."""
SHOWN_HEADROOM = 0.01
"""Share from which a change is reported."""
_SHOWN = 20

Key = tuple[str, str, str | None, int | None, str | None, str | None]
Group = tuple[str, str, str | None, int | None, str | None]


@dataclass(frozen=True, slots=True)
class Shift:
    """How the worst headroom of a group of cases moved; both sides are about the same cases, which passed in both."""

    group: Group
    cases: int
    before: float
    after: float
    ulp_before: float
    ulp_after: float

    @property
    def is_regression(self) -> bool:
        """Whether much of the tolerance is used that was not."""
        return self.before - self.after >= LOST_HEADROOM


@dataclass(frozen=True, slots=True)
class Difference:
    """What two runs of the same cases came to; verdicts are those of the later one, unless they are gone from it."""

    new_failures: Sequence[Verdict]
    fixed: Sequence[Verdict]
    still_failing: Sequence[Verdict]
    gone: Sequence[Verdict]
    """Judged before, and not any more."""
    new: int
    """Cases that passed and were not judged before."""
    shifts: Sequence[Shift]
    remarks: Sequence[str]

    @property
    def is_regression(self) -> bool:
        """Whether a case fails that did not, or a group lost much of its headroom."""
        return bool(self.new_failures) or any(shift.is_regression for shift in self.shifts)


def difference(before: RunResult, after: RunResult) -> Difference:
    """Compare two runs case by case."""
    earlier, later = _by_key(before.verdicts), _by_key(after.verdicts)
    judged = [(earlier.get(key), verdict) for key, verdict in later.items()]
    failing = [(one, verdict) for one, verdict in judged if has_failed(verdict)]
    return Difference(
        new_failures=sorted((v for one, v in failing if one is None or not has_failed(one)), key=badness),
        fixed=[v for one, v in judged if one and has_failed(one) and v.outcome is Outcome.PASS],
        still_failing=sorted((v for one, v in failing if one and has_failed(one)), key=badness),
        gone=[verdict for key, verdict in earlier.items() if key not in later],
        new=sum(one is None and verdict.outcome is Outcome.PASS for one, verdict in judged),
        shifts=_shifts((one, v) for one, v in judged if one),
        remarks=_remarks(before, after),
    )


def _by_key(verdicts: Iterable[Verdict]) -> Mapping[Key, Verdict]:
    return {(*_group(v), v.case): v for v in verdicts if v.outcome not in NOT_RUN}


def _group(verdict: Verdict) -> Group:
    return verdict.kernel, verdict.target, verdict.build, verdict.vector_bits, verdict.suite


def _shifts(pairs: Iterable[tuple[Verdict, Verdict]]) -> list[Shift]:
    groups: dict[Group, list[tuple[Verdict, Verdict]]] = {}
    for one, other in pairs:
        if one.outcome is Outcome.PASS and other.outcome is Outcome.PASS:
            groups.setdefault(_group(other), []).append((one, other))
    shifts = []
    for group, members in groups.items():
        sides = [[pair[side].finding for pair in members] for side in (0, 1)]
        before, after = (min((f.headroom for f in side if f.headroom is not None), default=math.nan) for side in sides)
        ulps = [max((f.max_ulp for f in side if f.max_ulp is not None), default=math.nan) for side in sides]
        if abs(before - after) >= SHOWN_HEADROOM:
            shifts.append(Shift(group, len(members), before, after, *ulps))
    return sorted(shifts, key=lambda shift: shift.after - shift.before)


def _remarks(before: RunResult, after: RunResult) -> list[str]:
    """Say what makes the two hard to compare."""
    remarks = []
    if before.facts["seed"] != after.facts["seed"]:
        remarks.append(f"seeds differ ({before.facts['seed']}, then {after.facts['seed']}): the inputs are others")
    for whose in ("compiler", "emulator"):
        versions = [
            {f"{job[whose]['name']} {job[whose]['version']}".strip() for job in run.jobs} for run in (before, after)
        ]
        if versions[0] != versions[1]:
            texts = [", ".join(sorted(names)) or "none" for names in versions]
            remarks.append(f"{whose}s differ: {texts[0]}, then {texts[1]}")
    remarks += [f"the {when} run did not come to its end" for when, run in _ends(before, after)]
    return remarks


def _ends(before: RunResult, after: RunResult) -> Iterator[tuple[str, RunResult]]:
    yield from ((when, run) for when, run in (("earlier", before), ("later", after)) if not run.facts["finished"])


# ---- reporting -------------------------------------------------------------------------------------------------------


def render(found: Difference, *, verbose: bool = False) -> str:
    """Return the text, regressions first, in lines safe to look at."""
    parts = [[f"Note: {visible(remark)}" for remark in found.remarks]]
    parts.append(_listed("New failures", [describe(v) for v in found.new_failures], verbose=verbose))
    lost = [shift for shift in found.shifts if shift.is_regression]
    others = [shift for shift in found.shifts if not shift.is_regression]
    parts.append(
        _listed(f"Headroom lost ({LOST_HEADROOM:.0%} or more of the tolerance)", map(_shift, lost), verbose=verbose)
    )
    parts.append(_listed("Headroom changed", map(_shift, others), verbose=verbose))
    parts.append(_listed("Fixed", map(_where, found.fixed), verbose=verbose))
    parts.append(_listed("Not judged any more", map(_where, found.gone), verbose=verbose))
    counts = {
        "new failures": len(found.new_failures),
        "groups lost headroom": len(lost),
        "groups changed headroom": len(others),
        "fixed": len(found.fixed),
        "still failing": len(found.still_failing),
        "new cases": found.new,
        "not judged any more": len(found.gone),
    }
    summary = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "no change"
    parts.append([f"{'REGRESSION' if found.is_regression else 'No regression'}: {summary}"])
    return "\n\n".join("\n".join(part) for part in parts if part)


def _listed(title: str, items: Iterable[str], *, verbose: bool) -> list[str]:
    every = list(items)
    shown = every if verbose else every[:_SHOWN]
    more = [f"  and {len(every) - len(shown)} more (-v shows all)"] if len(every) > len(shown) else []
    return [f"{title}:", *shown, *more] if every else []


def _shift(shift: Shift) -> str:
    kernel, target, build, vector_bits, suite = shift.group
    width = f" at {vector_bits} bits" if vector_bits else ""
    return (
        f"  {visible(f'{kernel} on {target}{width} ({build}) {suite}')}, {counted(shift.cases, 'case')}: headroom "
        f"{headroom_text(shift.before)} -> {headroom_text(shift.after)}, "
        f"max ULP {ulp_text(shift.ulp_before)} -> {ulp_text(shift.ulp_after)}"
    )


def _where(verdict: Verdict) -> str:
    width = f" at {verdict.vector_bits} bits" if verdict.vector_bits else ""
    case = f" {verdict.suite}/{verdict.case}" if verdict.case else ""
    return f"  {visible(f'{verdict.kernel} on {verdict.target}{width} ({verdict.build}){case}')}"
