"""The table of a run and what must be read below it: failures, worst first, and what was not checked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from harness.model import Outcome, Verdict

SHOWN_FAILURES_PER_JOB = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the summary: a (kernel, target, build, width, suite)."""

    kernel: str
    target: str
    build: str
    vector_bits: int | None
    attested_vector_bits: int | None
    element_bits: int
    suite: str
    passed: int
    cases: int
    worst_outcome: Outcome
    max_ulp: float | None
    headroom: float | None

    @property
    def lanes(self) -> int | None:
        """Elements per vector."""
        return self.vector_bits // self.element_bits if self.vector_bits else None


def summary_rows(verdicts: Iterable[Verdict]) -> list[Row]:
    """Group verdicts that came out of a guest, or of a build that failed, by job and suite, in order.

    Builds in which everything passed share a row.
    """
    groups: dict[tuple[object, ...], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.case is not None or verdict.outcome not in (Outcome.UNAVAILABLE, Outcome.NOT_APPLICABLE):
            key = (verdict.kernel, verdict.target, verdict.vector_bits, verdict.suite, verdict.build)
            groups.setdefault(key, []).append(verdict)
    merged: dict[tuple[object, ...], list[Row]] = {}
    for group in groups.values():
        row = _row(group)
        build = None if row.passed == row.cases > 0 else row.build  # what did not pass keeps a row of its own
        merged.setdefault((row.kernel, row.target, row.vector_bits, row.suite, build), []).append(row)
    return [_merge(rows) for rows in merged.values()]


def _row(group: Sequence[Verdict]) -> Row:
    first = group[0]
    ulps = [v.finding.max_ulp for v in group if v.finding.max_ulp is not None]
    headrooms = [v.finding.headroom for v in group if v.finding.headroom is not None]
    return Row(
        kernel=first.kernel,
        target=first.target,
        build=first.build or "",
        vector_bits=first.vector_bits,
        attested_vector_bits=first.attested_vector_bits,
        element_bits=first.element_bits,
        suite=first.suite or "",
        passed=sum(v.outcome is Outcome.PASS for v in group),
        cases=len(group) if first.case is not None else 0,
        worst_outcome=min((v.outcome for v in group), key=lambda outcome: outcome.severity),
        max_ulp=max(ulps, default=None),
        headroom=min(headrooms, default=None),
    )


def _merge(rows: Sequence[Row]) -> Row:
    return replace(
        rows[0],
        build=_builds_text([row.build for row in rows]),
        max_ulp=max((row.max_ulp for row in rows if row.max_ulp is not None), default=None),
        headroom=min((row.headroom for row in rows if row.headroom is not None), default=None),
    )


def _builds_text(builds: Sequence[str]) -> str:
    """Write several builds as a product, "gcc,clang O0,O2 plain", where they are one; else count them."""
    factors = [list(dict.fromkeys(parts)) for parts in zip(*(build.split(" ") for build in builds), strict=True)]
    if len(factors) == 3 and math.prod(len(factor) for factor in factors) == len(builds):
        return " ".join(",".join(factor) for factor in factors)
    return builds[0] if len(builds) == 1 else f"{len(builds)} builds"


HEADERS = ("kernel", "target", "build", "bits", "lanes", "suite", "cases passed", "max ULP", "headroom")


def table_cells(rows: Iterable[Row]) -> list[list[str]]:
    """Return the summary's cells as text."""
    return [
        [
            row.kernel,
            row.target,
            row.build,
            str(row.vector_bits or "-"),
            str(row.lanes or "-"),
            row.suite or "-",
            cases_text(row),
            ulp_text(row.max_ulp),
            headroom_text(row.headroom),
        ]
        for row in rows
    ]


def cases_text(row: Row) -> str:
    """Return "100/100", with the worst outcome where not all passed."""
    if row.cases == 0:
        return row.worst_outcome.value
    text = f"{row.passed}/{row.cases}"
    return text if row.passed == row.cases else f"{text} {row.worst_outcome.value}"


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


def render(
    verdicts: Sequence[Verdict], notes: Sequence[str] = (), *, verbose: bool = False, quiet: bool = False
) -> str:
    """Return the whole text of a run's result."""
    from tabulate import tabulate  # here, because it costs a quarter of a short run's start-up

    parts = []
    rows = summary_rows(verdicts)
    if rows and not quiet:
        parts.append(
            tabulate(
                table_cells(rows),
                HEADERS,
                tablefmt="simple",
                colalign=("left", "left", "left", "right", "right", "left", "left", "right", "right"),
                disable_numparse=True,
            )
        )
    if not quiet:
        parts += ["\n".join(notes)] if notes and rows else []
        parts += _not_checked(verdicts)
    parts += _builds_that_differ(rows)
    parts += _failures(verdicts, verbose=verbose)
    if not quiet:
        parts.append(verdict_line(verdicts))
    return "\n\n".join(parts)


def verdict_line(verdicts: Sequence[Verdict]) -> str:
    """Return the last line: what passed, what failed and what was not checked."""
    judged = [v for v in verdicts if v.case is not None or v.outcome.is_kernel_fault]
    passed = sum(v.outcome is Outcome.PASS for v in judged)
    attested = sorted({v.attested_vector_bits for v in judged if v.attested_vector_bits and v.outcome is Outcome.PASS})
    text = f"{passed} of {len(judged)} cases passed"
    if attested:
        text += f"; vector lengths attested by the guest: {', '.join(map(str, attested))} bits"
    missing = len({(v.kernel, v.target, v.vector_bits) for v in verdicts if v.outcome is Outcome.UNAVAILABLE})
    return text + (f"; {missing} not available here" if missing else "")


def _builds_that_differ(rows: Sequence[Row]) -> list[str]:
    """Point out kernels that pass in one build and fail in another, on the same target at the same width."""
    builds: dict[tuple[str, str, int | None], dict[bool, list[str]]] = {}
    for row in rows:
        if row.cases:
            seen = builds.setdefault((row.kernel, row.target, row.vector_bits), {True: [], False: []})
            seen[row.passed == row.cases].append(row.build)
    lines = []
    for (kernel, target, bits), seen in builds.items():
        if seen[True] and seen[False] and not set(seen[True]) & set(seen[False]):
            failing, passing = (", ".join(dict.fromkeys(seen[outcome])) for outcome in (False, True))
            width = f" at {bits} bits" if bits else ""
            lines.append(f"  {kernel} on {target}{width}: fails as {failing}; passes as {passing}")
    return ["Builds of one source differ (undefined lanes or behaviour):\n" + "\n".join(lines)] if lines else []


def _not_checked(verdicts: Iterable[Verdict]) -> list[str]:
    """List what did not run, equal reasons together."""
    reasons: dict[tuple[Outcome, str], dict[str, list[str]]] = {}
    for verdict in verdicts:
        if verdict.outcome in (Outcome.UNAVAILABLE, Outcome.NOT_APPLICABLE):
            names = reasons.setdefault((verdict.outcome, verdict.finding.detail), {})
            widths = names.setdefault(f"{verdict.kernel} on {verdict.target}", [])
            if verdict.vector_bits and str(verdict.vector_bits) not in widths:
                widths.append(str(verdict.vector_bits))
    lines = []
    for (outcome, reason), names in reasons.items():
        what = ", ".join(f"{name} at {', '.join(w)} bits" if w else name for name, w in names.items())
        lines.append(f"  {outcome.value}  {what}: {reason}")
    return ["Not checked:\n" + "\n".join(lines)] if lines else []


def _failures(verdicts: Iterable[Verdict], *, verbose: bool) -> list[str]:
    """Describe failures, the worst first; of one job only the worst few unless verbose."""
    fine = (Outcome.PASS, Outcome.UNAVAILABLE, Outcome.NOT_APPLICABLE)
    by_job: dict[tuple[object, ...], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.outcome not in fine:
            key = (verdict.kernel, verdict.target, verdict.build, verdict.vector_bits)
            by_job.setdefault(key, []).append(verdict)
    blocks = []
    for group in sorted(by_job.values(), key=lambda group: min(_badness(v) for v in group)):
        group.sort(key=_badness)
        shown = group if verbose else group[:SHOWN_FAILURES_PER_JOB]
        lines = [describe(verdict) for verdict in shown]
        if len(group) > len(shown):
            lines.append(f"  and {len(group) - len(shown)} more cases of this job (-v shows all)")
        blocks.append("\n".join(lines))
    return ["Failures, worst first:\n" + "\n\n".join(blocks)] if blocks else []


def _badness(verdict: Verdict) -> tuple[int, float]:
    headroom = verdict.finding.headroom
    return verdict.outcome.severity, headroom if headroom is not None else 0.0


def describe(verdict: Verdict) -> str:
    """Describe one failure: where, what came, what was due, and the line that reproduces it."""
    where = [verdict.kernel, f"on {verdict.target}"]
    if verdict.vector_bits:
        where.append(f"at {verdict.vector_bits} bits")
    if verdict.build:
        where.append(f"({verdict.build})")
    if verdict.case:
        where.append(f"{verdict.suite}/{verdict.case}")
    lines = [f"  {verdict.outcome.value}  {' '.join(where)}"]
    worst = verdict.finding.worst
    if worst:
        name = "the returned value" if worst.output == "return" else f"{worst.output}[{worst.element}]"
        lines.append(
            f"      {name}: got {worst.got:.9g}, want {worst.want:.9g}, "
            f"{worst.ulp:.4g} ULP apart; tolerance {worst.tolerance:.3g}"
        )
    if verdict.finding.detail:
        lines += [f"      {part}" for part in verdict.finding.detail.split("; ")]
    if verdict.reproduce:
        lines.append(f"      reproduce: {verdict.reproduce}")
    return "\n".join(lines)
