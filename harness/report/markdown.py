"""The table for a pull request, in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from harness import __version__
from harness.model import Outcome, Verdict
from harness.report.table import HEADERS, summary_rows, table_cells, verdict_line


def render(verdicts: Sequence[Verdict], reproduce: str, seed: int) -> str:
    """Return the summary with what was not checked, the failures in short, and the line that repeats the run."""
    from tabulate import tabulate

    rows = summary_rows(verdicts)
    lines = [f"### {'All cases passed' if _all_passed(verdicts) else 'Not all cases passed'}", ""]
    if rows:
        table = [[escape(cell) for cell in cells] for cells in table_cells(rows)]
        lines += [tabulate(table, HEADERS, tablefmt="github", disable_numparse=True), ""]
    lines += [escape(verdict_line(verdicts)) + ".", ""]
    lines += _list("Failures", [_failure(v) for v in verdicts if _failed(v)])
    absent = [v for v in verdicts if v.outcome in (Outcome.UNAVAILABLE, Outcome.NOT_APPLICABLE)]
    lines += _list("Not checked", list(dict.fromkeys(_absence(v) for v in absent)))
    emulators = sorted({v.emulator for v in verdicts if v.emulator})
    lines.append(
        f"harness {__version__}, seed {seed}, run by {escape(', '.join(emulators) or 'nothing')}. Repeat with:"
    )
    lines += ["", "```sh", reproduce.replace("`", "'"), "```", ""]
    return "\n".join(lines)


def _all_passed(verdicts: Sequence[Verdict]) -> bool:
    return any(v.outcome is Outcome.PASS for v in verdicts) and not any(_failed(v) for v in verdicts)


def _failed(verdict: Verdict) -> bool:
    return verdict.outcome not in (Outcome.PASS, Outcome.UNAVAILABLE, Outcome.NOT_APPLICABLE)


_LISTED = 20


def _list(title: str, items: list[str]) -> list[str]:
    if not items:
        return []
    more = [f"- and {len(items) - _LISTED} more"] if len(items) > _LISTED else []
    return [f"**{title}**", "", *(f"- {item}" for item in items[:_LISTED]), *more, ""]


def _failure(verdict: Verdict) -> str:
    where = f"{verdict.kernel} on {verdict.target}"
    if verdict.vector_bits:
        where += f" at {verdict.vector_bits} bits"
    if verdict.case:
        where += f", {verdict.suite}/{verdict.case}"
    detail = f": {verdict.finding.detail}" if verdict.finding.detail else ""
    return escape(f"{verdict.outcome.value} {where} ({verdict.build}){detail}")


def _absence(verdict: Verdict) -> str:
    width = f" at {verdict.vector_bits} bits" if verdict.vector_bits else ""
    return escape(f"{verdict.outcome.value} {verdict.kernel} on {verdict.target}{width}: {verdict.finding.detail}")


def escape(text: str) -> str:
    """Make text harmless in Markdown: one line, no markup, no HTML."""
    flat = " ".join(text.split())
    for character in "\\`*[]<>|&":
        flat = flat.replace(character, f"\\{character}" if character not in "<>&" else _ENTITIES[character])
    return flat


_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
