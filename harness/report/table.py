"""The table of a run and what must be read below it: failures, worst first, and what was not checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.model import Outcome, Verdict
from harness.report.failures import (
    builds_text,
    common_lines,
    disagreement_text,
    drawn_lanes,
    lanes_of,
    more_of,
    worst_text,
)
from harness.report.run import NOT_RUN, RunResult
from harness.report.text import visible

if TYPE_CHECKING:
    from harness.causes import Cause

SHOWN_FAILURES = 12
"""Causes that are reported; of more, those with the worst outcomes."""
BLOCK_LINES = 12
"""Of a cause; of its details as many are reported as there is room for, and these at least."""
_FEWEST_DETAILS = 3
_SHOWN_DISAGREEMENTS = 8
LEFT_OUT = "LEFT OUT"
"""How reports mark what was not checked because of the command line."""
GATE = "gate"
"""The suite of the one call without the features."""
SHOWN_ROWS = 40
"""Rows of a table before what passed is folded: first its suites, then its widths."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the summary: suites of a (kernel, target, build) at a width or several."""

    kernel: str
    target: str
    build: str
    widths: tuple[int, ...]
    """Vector lengths in bits; empty for scalar code."""
    element_bits: int
    suites: tuple[str, ...]
    passed: int
    cases: int
    worst_outcome: Outcome
    max_ulp: float | None
    headroom: float | None

    @property
    def has_passed(self) -> bool:
        """Whether there is a case, and all passed."""
        return self.passed == self.cases > 0

    @property
    def lanes(self) -> tuple[int, ...]:
        """Elements per vector, for each width; empty where that is not known."""
        return tuple(bits // self.element_bits for bits in self.widths) if self.element_bits else ()


def summary_rows(verdicts: Iterable[Verdict]) -> list[Row]:
    """Group verdicts that came out of a guest, or of a build that failed, by job and suite.

    Builds in which everything passed share a row. Kernels come in the order of the plan, those with failures first.
    """
    groups: dict[tuple[object, ...], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.case is not None or verdict.outcome not in NOT_RUN:
            key = (verdict.kernel, verdict.target, verdict.vector_bits, verdict.suite, verdict.build)
            groups.setdefault(key, []).append(verdict)
    merged: dict[tuple[object, ...], list[Row]] = {}
    for group in groups.values():
        row = _row(group)
        build = None if row.has_passed else row.build  # what did not pass keeps a row of its own
        merged.setdefault((row.kernel, row.target, row.widths, row.suites, build), []).append(row)
    return _worst_first([_merge(rows) for rows in merged.values()])


def _worst_first(rows: list[Row]) -> list[Row]:
    severity: dict[str, int] = {}
    for row in rows:
        severity[row.kernel] = min(severity.get(row.kernel, len(Outcome)), row.worst_outcome.severity)
    rank = {kernel: number for number, kernel in enumerate(severity)}
    return sorted(rows, key=lambda row: (severity[row.kernel], rank[row.kernel], row.worst_outcome.severity))


def folded(rows: list[Row]) -> list[Row]:
    """Fold rows until they are few: the suites of a width into one row, then the widths of a target."""
    if len(rows) > SHOWN_ROWS:
        rows = folded_suites(rows)
    if len(rows) > SHOWN_ROWS:
        rows = _fold(rows, lambda row: (row.kernel, row.target, None if row.has_passed else row.worst_outcome))
    return rows


def folded_suites(rows: list[Row]) -> list[Row]:
    """Fold the suites of what passed, and of a build what failed alike; the gate has no width and keeps its row."""

    def key(row: Row) -> object:
        how = None if row.has_passed else (row.build, row.worst_outcome)
        return row.kernel, row.target, row.widths, row.suites == (GATE,), how

    return _fold(rows, key)


def _fold(rows: Iterable[Row], key: Callable[[Row], object]) -> list[Row]:
    groups: dict[object, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return [_fold_one(group) for group in groups.values()]


def _fold_one(rows: Sequence[Row]) -> Row:
    builds = dict.fromkeys(row.build for row in rows)
    return replace(
        rows[0],
        build=rows[0].build if len(builds) == 1 else "several builds",
        widths=tuple(sorted({bits for row in rows for bits in row.widths})),
        suites=tuple(dict.fromkeys(suite for row in rows for suite in row.suites)),
        element_bits=max(row.element_bits for row in rows),
        passed=sum(row.passed for row in rows),
        cases=sum(row.cases for row in rows),
        max_ulp=_max_ulp(rows),
        headroom=_headroom(rows),
    )


def _row(group: Sequence[Verdict]) -> Row:
    first = group[0]
    ulps = [v.finding.max_ulp for v in group if v.finding.max_ulp is not None]
    headrooms = [v.finding.headroom for v in group if v.finding.headroom is not None]
    return Row(
        kernel=first.kernel,
        target=first.target,
        build=first.build or "",
        widths=(first.vector_bits,) if first.vector_bits else (),
        element_bits=first.element_bits,
        suites=(first.suite,) if first.suite else (),
        passed=sum(v.outcome is Outcome.PASS for v in group),
        cases=len(group) if first.case is not None else 0,
        worst_outcome=min((v.outcome for v in group), key=lambda outcome: outcome.severity),
        max_ulp=max(ulps, default=None),
        headroom=min(headrooms, default=None),
    )


def _merge(rows: Sequence[Row]) -> Row:
    return replace(
        rows[0],
        build=builds_text([row.build for row in rows]),
        max_ulp=_max_ulp(rows),
        headroom=_headroom(rows),
    )


def _max_ulp(rows: Iterable[Row]) -> float | None:
    return max((row.max_ulp for row in rows if row.max_ulp is not None), default=None)


def _headroom(rows: Iterable[Row]) -> float | None:
    return min((row.headroom for row in rows if row.headroom is not None), default=None)


HEADERS = ("kernel", "target", "build", "bits", "lanes", "suite", "cases passed", "max ULP", "headroom")


def table_cells(rows: Iterable[Row]) -> list[list[str]]:
    """Return the summary's cells as text that is safe to look at."""
    return [
        [
            visible(row.kernel),
            visible(row.target),
            visible(row.build),
            ",".join(map(str, row.widths)) or "-",
            ",".join(map(str, row.lanes)) or "-",
            suites_text(row),
            cases_text(row),
            ulp_text(row.max_ulp),
            headroom_text(row.headroom),
        ]
        for row in rows
    ]


def suites_text(row: Row) -> str:
    """Return the suite's name, or how many there are."""
    if len(row.suites) > 1:
        return f"{len(row.suites)} suites"
    return visible(row.suites[0]) if row.suites else "-"


def cases_text(row: Row) -> str:
    """Return "100/100", with the worst outcome where not all passed."""
    if row.cases == 0:
        return row.worst_outcome.value
    text = f"{row.passed}/{row.cases}"
    return text if row.has_passed else f"{text} {row.worst_outcome.value}"


def ulp_text(ulp: float | None) -> str:
    """Return an error in ULPs for a table."""
    if ulp is None:
        return "-"
    return f"{ulp:.2f}" if ulp < 1000 else f"{ulp:.3g}"


def headroom_text(headroom: float | None) -> str:
    """Return the share of the tolerance that is left, in per cent; "none" beyond it."""
    if headroom is None:
        return "-"
    return f"{100 * headroom:.0f} %" if headroom >= 0 else "none"


def render(run: RunResult, *, verbose: bool = False, quiet: bool = False) -> str:
    """Return the whole text of a run's result."""
    from tabulate import tabulate  # here, because it costs a quarter of a short run's start-up

    parts = []
    verdicts = run.verdicts
    rows = summary_rows(verdicts)
    if rows and not quiet:
        parts.append(
            tabulate(
                table_cells(rows if verbose else folded(rows)),
                HEADERS,
                tablefmt="simple",
                colalign=("left", "left", "left", "right", "right", "left", "left", "right", "right"),
                disable_numparse=True,
            )
        )
    if not quiet:
        parts += ["\n".join(map(visible, run.notes))] if run.notes and rows else []
        parts += _not_checked(run)
    parts += _builds_that_differ(run, verbose=verbose)
    parts += _failures(run, verbose=verbose)
    if not quiet:
        parts.append(verdict_line(run))
    return "\n\n".join(parts)


def verdict_line(run: RunResult) -> str:
    """Return the last line: what passed, what failed and what was not checked, and whether the run was cut short."""
    return "; ".join(filter(None, (_counts(run.verdicts) if run.jobs or not run.cut_short else "", run.cut_short)))


def _counts(verdicts: Sequence[Verdict]) -> str:
    builds = (Outcome.BUILD_ERROR, Outcome.EXPECTED_FAILURE)
    judged = [v for v in verdicts if v.case is not None or v.outcome in builds]
    passed = sum(v.outcome is Outcome.PASS for v in judged)
    attested = sorted({v.attested_vector_bits for v in judged if v.attested_vector_bits and v.outcome is Outcome.PASS})
    text = f"{passed} of {len(judged)} cases passed"
    expected = sum(v.outcome is Outcome.EXPECTED_FAILURE for v in judged)
    if expected:
        text += f", {expected} failed as expected"
    if attested:
        text += f"; vector lengths attested by the guest: {', '.join(map(str, attested))} bits"
    missing = len({(v.kernel, v.target, v.vector_bits) for v in verdicts if v.outcome is Outcome.UNAVAILABLE})
    return text + (f"; {missing} not available here" if missing else "")


def _builds_that_differ(run: RunResult, *, verbose: bool) -> list[str]:
    """Point out cases whose outcome depends on how the same source was built."""
    found = run.disagreements
    shown = found if verbose else found[:_SHOWN_DISAGREEMENTS]
    lines = ["  " + visible(disagreement_text(one)) for one in shown]
    lines += [f"  and {len(found) - len(shown)} more (-v shows all)"] if len(found) > len(shown) else []
    return ["Builds of one source differ (undefined lanes or behaviour):\n" + "\n".join(lines)] if lines else []


def _not_checked(run: RunResult) -> list[str]:
    """List what did not run, equal reasons together, and what the command line left out."""
    reasons: dict[tuple[Outcome, str], dict[str, list[str]]] = {}
    for verdict in run.verdicts:
        if verdict.outcome in NOT_RUN:
            names = reasons.setdefault((verdict.outcome, verdict.finding.detail), {})
            widths = names.setdefault(f"{verdict.kernel} on {verdict.target}", [])
            if verdict.vector_bits and str(verdict.vector_bits) not in widths:
                widths.append(str(verdict.vector_bits))
    lines = []
    for (outcome, reason), names in reasons.items():
        what = ", ".join(f"{name} at {', '.join(w)} bits" if w else name for name, w in names.items())
        lines.append("  " + visible(f"{outcome.value}  {what}: {reason}"))
    lines += ["  " + visible(f"{LEFT_OUT}  {text}") for text in run.left_out]
    return ["Not checked:\n" + "\n".join(lines)] if lines else []


def _failures(run: RunResult, *, verbose: bool) -> list[str]:
    """Describe each cause once, the worst first; with verbose all of its failures."""
    shown = run.causes if verbose else run.causes[:SHOWN_FAILURES]
    blocks = []
    for cause in shown:
        lines = [cause_text(run, cause, verbose=verbose)]
        lines += map(describe, cause.failures[1:]) if verbose else ()
        blocks.append("\n".join(lines))
    rest = [verdict for cause in run.causes[len(shown) :] for verdict in cause.failures]
    if rest:
        kernels = dict.fromkeys(visible(verdict.kernel) for verdict in rest)
        blocks.append(f"  and {len(rest)} more failures of {', '.join(kernels)} (-v shows all)")
    return ["Failures, worst first:\n" + "\n\n".join(blocks)] if blocks else []


def cause_text(run: RunResult, cause: Cause, *, verbose: bool = False) -> str:
    """Describe the failure that teaches, what all of the cause have in common, and how many more there are."""
    smallest = run.smallest_of(cause.shown)
    drawn = drawn_lanes(cause.shown.finding.worst, lanes_of(cause.shown)) if not smallest else ""
    more = more_of(cause)
    common = [*common_lines(cause), *([drawn] if drawn else []), *smallest]
    common += [more if verbose else f"and {more} (-v shows all)"] if more else []
    others = 1 + bool(cause.shown.finding.worst) + bool(cause.shown.reproduce) + bool(cause.shown.id) + len(common)
    return describe(cause.shown, common, details=None if verbose else max(_FEWEST_DETAILS, BLOCK_LINES - others))


def replay_line(verdict: Verdict) -> str:
    """Return the command that looks at a failure more closely."""
    return f"harness replay {verdict.id}"


def describe(verdict: Verdict, common: Sequence[str] = (), details: int | None = None) -> str:
    """Describe one failure in lines safe to look at: where, what came, what was due, and what reproduces it.

    `common` are lines about more than this one; of its details no more than `details` are reported.
    """
    where = [verdict.kernel, f"on {verdict.target}"]
    if verdict.vector_bits:
        where.append(f"at {verdict.vector_bits} bits")
    if verdict.build:
        where.append(f"({verdict.build})")
    if verdict.case:
        where.append(f"{verdict.suite}/{verdict.case}")
    numbers = [worst_text(verdict.finding.worst)] if verdict.finding.worst else []
    texts = verdict.finding.detail.split("; ")[:details] if verdict.finding.detail else []
    lines = [*numbers, *texts] if verdict.outcome is Outcome.MISMATCH else [*texts, *numbers]
    lines += common
    lines += [f"reproduce: {verdict.reproduce}"] if verdict.reproduce else []
    lines += [f"replay: {replay_line(verdict)}"] if verdict.id else []
    title = f"  {verdict.outcome.value}  {' '.join(where)}"
    return "\n".join(map(visible, (title, *(f"      {line}" for line in lines))))
