"""The summary for a pull request.

In GitHub's Markdown, and below what a comment (65,536 characters) can hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from harness.model import Outcome, Verdict
from harness.report.failures import common_lines, disagreement_text, more_of
from harness.report.run import RunResult, has_failed
from harness.report.table import (
    GATE,
    LEFT_OUT,
    Row,
    cases_text,
    folded_suites,
    headroom_text,
    replay_line,
    suites_text,
    summary_rows,
    ulp_text,
    verdict_line,
)
from harness.report.text import clipped, visible

if TYPE_CHECKING:
    from harness.causes import Cause

LIMIT_CHARACTERS = 60_000
"""Of the whole text; a step summary may have 1 MiB, a comment a little more than this."""
_LISTED = 20
_LIST_CHARACTERS = 12_000
_ITEM_CHARACTERS = 600
_COMMAND_CHARACTERS = 4_000
_HEADERS = ("target", "bits", "lanes", "cases passed", "max ULP", "headroom", "suites", "builds")


def render(run: RunResult) -> str:
    """Return failures in short, a table per kernel, what was not checked, versions, and the line that repeats it."""
    head = [f"### {_title(run)}", ""]
    head += [escape(verdict_line(run)) + ".", ""]
    head += _list("Failures, worst first", map(_failure, run.causes))
    head += _list("Builds of one source differ", (escape(disagreement_text(one)) for one in run.disagreements))
    left_out = (escape(clipped(f"{LEFT_OUT} {text}", _ITEM_CHARACTERS)) for text in run.left_out)
    tail = _list("Not checked", [*dict.fromkeys(map(_absence, run.not_run)), *left_out])
    tail += _list("Notes", (escape(note) for note in run.notes))
    tail += [*_provenance(run), ""]
    room = LIMIT_CHARACTERS - sum(len(line) + 1 for line in (*head, *tail))
    return "\n".join((*head, *_tables(run, room), *tail))


def _title(run: RunResult) -> str:
    if not run.facts["finished"]:
        return "The run was interrupted"
    return "All cases passed" if _all_passed(run.verdicts) else "Not all cases passed"


def _all_passed(verdicts: Sequence[Verdict]) -> bool:
    return any(v.outcome is Outcome.PASS for v in verdicts) and not any(map(has_failed, verdicts))


def _tables(run: RunResult, room: int) -> list[str]:
    """Write kernels until the room is used up, those with failures first."""
    kernels: dict[str, list[Row]] = {}
    for row in folded_suites(summary_rows(run.verdicts)):
        kernels.setdefault(row.kernel, []).append(row)
    lines: list[str] = []
    for number, (kernel, rows) in enumerate(kernels.items()):
        table = _table(kernel, rows, _tolerance(run.verdicts, kernel))
        room -= sum(len(line) + 1 for line in table)
        if room < 0:
            return [*lines, f"Tables of {len(kernels) - number} more kernels do not fit here; the record has all.", ""]
        lines += table
    return lines


def _table(kernel: str, rows: Sequence[Row], tolerance: str) -> list[str]:
    lines = [f"#### {escape(kernel)}", ""]
    lines += ["| " + " | ".join(_HEADERS) + " |", "|---|--:|--:|---|--:|--:|---|---|"]
    lines += ["| " + " | ".join(_cells(row)) + " |" for row in rows[:_LISTED]]
    more = [f"and {len(rows) - _LISTED} more rows", ""] if len(rows) > _LISTED else []
    return [*lines, "", *more, *([tolerance, ""] if tolerance else [])]


def _cells(row: Row) -> list[str]:
    gate = " (gate)" if row.suites == (GATE,) else ""
    cells = (
        row.target + gate,
        ",".join(map(str, row.widths)) or "-",
        ",".join(map(str, row.lanes)) or "-",
        cases_text(row),
        ulp_text(row.max_ulp),
        headroom_text(row.headroom),
        suites_text(row),
        row.build,
    )
    return [escape(clipped(cell, _ITEM_CHARACTERS)) for cell in cells]


def _tolerance(verdicts: Iterable[Verdict], kernel: str) -> str:
    tolerances = [v.finding.tolerance_ulp for v in verdicts if v.kernel == kernel and v.finding.tolerance_ulp]
    if not tolerances:
        return ""
    return (
        f"Tolerance at the worst element of each case: {ulp_text(min(tolerances))} to {ulp_text(max(tolerances))} ULP, "
        "derived from the contract's steps by rounding-error analysis."
    )


def _provenance(run: RunResult) -> list[str]:
    """Versions, the seed, and how to get this again."""
    compilers = {f"{job['compiler']['name']} {job['compiler']['version']}": None for job in run.jobs}
    emulators = {f"{job['emulator']['name']} {job['emulator']['version']}".strip(): None for job in run.jobs}
    texts = [f"harness {run.facts['harness']}", f"seed {run.facts['seed']}", *compilers, *emulators]
    versions = escape(clipped(", ".join(texts), _COMMAND_CHARACTERS))
    command = visible(run.command)
    if len(command) > _COMMAND_CHARACTERS:
        return [f"{versions}. The command is too long to be shown; the record has it."]
    fence = "`" * max(3, 1 + max((len(ticks) for ticks in re.findall("`+", command)), default=0))
    return [f"{versions}. Repeat with:", "", f"{fence}sh", command, fence]


def _list(title: str, items: Iterable[str]) -> list[str]:
    every = list(items)
    if not every:
        return []
    shown: list[str] = []
    for item in every[:_LISTED]:
        if sum(map(len, shown)) + len(item) > _LIST_CHARACTERS:
            break
        shown.append(f"- {item}")
    more = [f"- and {len(every) - len(shown)} more"] if len(every) > len(shown) else []
    return [f"**{title}**", "", *shown, *more, ""]


def _failure(cause: Cause) -> str:
    """Tell of the failure that teaches, of how many more are like it, and of what they have in common."""
    verdict = cause.shown
    more = f" and {texts}" if (texts := more_of(cause)) else ""
    where = f"{verdict.kernel} on {verdict.target}"
    if verdict.vector_bits:
        where += f" at {verdict.vector_bits} bits"
    if verdict.case:
        where += f", {verdict.suite}/{verdict.case}"
    common = "".join(f"; {line}" for line in common_lines(cause))
    detail = f": {verdict.finding.detail}" if verdict.finding.detail else ""
    build = f" ({verdict.build})" if verdict.build else ""
    item = escape(clipped(f"{verdict.outcome.value} {where}{build}{common}{more}{detail}", _ITEM_CHARACTERS))
    return f"{item} ({replay_line(verdict)})" if verdict.id else item


def _absence(verdict: Verdict) -> str:
    width = f" at {verdict.vector_bits} bits" if verdict.vector_bits else ""
    texts = f"{verdict.outcome.value} {verdict.kernel} on {verdict.target}{width}: {verdict.finding.detail}"
    return escape(clipped(texts, _ITEM_CHARACTERS))


# Markup, HTML, mathematics, and what GitHub turns into links: people, issues, addresses.
_MARKUP = str.maketrans(
    {
        **{character: f"\\{character}" for character in "\\`*[]|~$"},
        "<": "&lt;",
        ">": "&gt;",
        "&": "&amp;",
        "@": "@&#8203;",
        "#": "#&#8203;",
    }
)


def escape(text: str) -> str:
    """Make text harmless in Markdown: one line, no markup, no HTML, no links."""
    flat = " ".join(visible(text).split()).translate(_MARKUP)
    flat = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", flat)  # within a word it means nothing
    return re.sub(r"(?i)(://|\bwww\.)", lambda found: f"{found[0][:-1]}&#8203;{found[0][-1]}", flat)
