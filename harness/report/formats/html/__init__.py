"""A page with plots.

It is complete in itself: no network, no script but its own, everything that was said by others escaped.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import InstallationError
from harness.model import Outcome, Verdict, number_text
from harness.report.failures import common_lines, dealt, disagreement_text, lanes_of, more_of, used_share
from harness.report.formats.html.cases import case_data, name_in_data
from harness.report.history import Point
from harness.report.run import RunResult, has_failed
from harness.report.table import (
    HEADERS,
    LEFT_OUT,
    describe,
    folded_suites,
    headroom_text,
    summary_rows,
    table_cells,
    ulp_text,
    verdict_line,
)
from harness.report.text import clipped, visible

if TYPE_CHECKING:
    import jinja2

_SHOWN_ROWS = 120
_SHOWN_NOTES = 50
_SHOWN_FAILURES = 100
_FAILURES_PER_JOB = 3
_SHOWN_DISAGREEMENTS = 50
_SHOWN_KERNELS = 60
_SHOWN_ABSENCES = 100
_TEXT_CHARACTERS = 1_000


def check() -> None:
    """Raise InstallationError where Jinja2, which writes HTML, is not installed."""
    environment()


def environment() -> jinja2.Environment:
    """Return the templates' environment, in which every text is escaped and made visible.

    Raises:
        InstallationError: Jinja2, which writes HTML, is not installed.
    """
    try:
        import jinja2
        from markupsafe import Markup
    except ImportError:
        raise InstallationError("HTML needs Jinja2: pip install jinja2") from None

    def finalize(value: object) -> object:
        return (
            clipped(visible(value), _TEXT_CHARACTERS) if isinstance(value, str) and type(value) is not Markup else value
        )

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(run: RunResult) -> str:
    """Return the page."""
    page = environment().get_template("page.html")
    from harness.report.formats.html.kernels import kernels_of

    numbered = _chosen_failures(run)
    rows = folded_suites(summary_rows(run.verdicts))
    first_failure = {_cell_of(run.verdicts[index]): number for index, number in reversed(numbered.items())}
    kernels = list(dict.fromkeys(row.kernel for row in rows if row.cases))
    drawn = kernels_of(run.verdicts, kernels[:_SHOWN_KERNELS], numbered)
    all_passed = any(v.outcome is Outcome.PASS for v in run.verdicts) and not run.failures
    absences = list(dict.fromkeys(f"{v.outcome.value} {_where(v)}: {v.finding.detail}" for v in run.not_run))
    absences += [f"{LEFT_OUT} {text}" for text in run.left_out]
    data, left_out = case_data(run.verdicts, numbered)
    return page.render(
        title="All cases passed" if all_passed else "Not all cases passed",
        all_passed=all_passed,
        verdict_line=verdict_line(run),
        facts=_facts(run),
        command=run.command,
        headers=HEADERS,
        rows=[
            {
                "cells": cells,
                "has_passed": row.has_passed,
                "kernel": name_in_data(row.kernel),
                "target": name_in_data(row.target),
                "bits": cells[3],
                "failure": first_failure.get((row.kernel, row.target, row.build, row.widths[:1])),
            }
            for row, cells in zip(rows[:_SHOWN_ROWS], table_cells(rows[:_SHOWN_ROWS]), strict=True)
        ],
        more_rows=max(0, len(rows) - _SHOWN_ROWS),
        notes=list(run.notes)[:_SHOWN_NOTES],
        failures=_failure_groups(run, numbered),
        disagreements=[disagreement_text(one) for one in run.disagreements[:_SHOWN_DISAGREEMENTS]],
        shown_failures=len(numbered),
        all_failures=len(run.failures),
        kernels=drawn,
        more_kernels=len(kernels) - len(drawn),
        absences=absences[:_SHOWN_ABSENCES],
        case_headers=("outcome", "kernel", "target", "build", "bits", "suite", "case", "max ULP", "headroom"),
        cases_left_out=left_out,
        data=_inert(data),
        **_own_files(),
    )


def render_history(kernels: Mapping[str, Sequence[Point]]) -> str:
    """Return the page of how kernels fared from run to run."""
    page = environment().get_template("history.html")
    from harness.report.formats.html import plots

    texts = [
        {
            "name": kernel,
            "plot": plots.headroom_by_run(
                [-1.0 if point.has_failed else point.headroom for point in points],
                [point.started[:10] for point in points],
                f"{kernel}: headroom in {len(points)} runs",
            ),
            "rows": [
                {
                    "told": (p.run, p.started, f"{p.passed}/{p.cases}", ulp_text(p.max_ulp), headroom_text(p.headroom)),
                    "has_failed": p.has_failed,
                }
                for p in reversed(points)
            ],
        }
        for kernel, points in sorted(kernels.items())
    ]
    return page.render(kernels=texts, headers=("run", "started", "cases passed", "max ULP", "headroom"), **_own_files())


def _own_files() -> dict[str, Any]:
    """Style and script, and the digests by which the page's policy lets in nothing else."""
    from markupsafe import Markup

    texts: dict[str, Any] = {}
    for name, file in (("style", "page.css"), ("script", "page.js")):
        text = (Path(__file__).parent / file).read_text(encoding="utf-8")
        texts[name] = Markup(text)
        texts[f"{name}_hash"] = f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
    return texts


def _inert(data: Mapping[str, Any]) -> object:
    """Write JSON that cannot end the element it is in."""
    from markupsafe import Markup

    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _facts(run: RunResult) -> list[tuple[str, str]]:
    compilers = dict.fromkeys(f"{job['compiler']['name']} {job['compiler']['version']}" for job in run.jobs)
    emulators = dict.fromkeys(f"{job['emulator']['name']} {job['emulator']['version']}".strip() for job in run.jobs)
    facts = [
        ("harness", str(run.facts["harness"])),
        ("started", str(run.facts["started"])),
        ("compilers", ", ".join(compilers) or "none"),
        ("emulators", ", ".join(emulators) or "none"),
        ("seed", str(run.facts["seed"])),
    ]
    return facts if run.facts["finished"] else [("state", "this run did not come to its end"), *facts]


# ---- failures ------------------------------------------------------------------------------------------------------


def _chosen_failures(run: RunResult) -> dict[int, int]:
    """Choose failures to show, some of every cause before many of any; by their index in the run, with their number."""
    index_of = {id(verdict): index for index, verdict in enumerate(run.verdicts)}
    rounds = zip_longest(*(dealt(cause, _FAILURES_PER_JOB) for cause in run.causes[:_SHOWN_FAILURES]))
    chosen = [id(verdict) for one_of_each in rounds for verdict in one_of_each if verdict is not None]
    taken = set(chosen[:_SHOWN_FAILURES])
    shown = [id(v) for cause in run.causes for v in dealt(cause, _FAILURES_PER_JOB) if id(v) in taken]
    return {index_of[identity]: number for number, identity in enumerate(shown, 1)}


def _failure_groups(run: RunResult, numbered: Mapping[int, int]) -> list[dict[str, Any]]:
    """Return the chosen failures by cause, the one that teaches apart from the others."""
    number_of = {id(run.verdicts[index]): number for index, number in numbered.items()}
    groups = []
    for cause in run.causes:
        dealt_ones = [v for v in dealt(cause, _FAILURES_PER_JOB) if id(v) in number_of]
        if dealt_ones:
            common = [*common_lines(cause), *run.smallest_of(cause.shown)]
            first = _failure(cause.shown, number_of[id(cause.shown)], common)
            others = [_failure(verdict, number_of[id(verdict)]) for verdict in dealt_ones[1:]]
            groups.append({"worst": first, "more": more_of(cause), "others": others})
    return groups


def _cell_of(verdict: Verdict) -> tuple[object, ...]:
    return verdict.kernel, verdict.target, verdict.build or "", (verdict.vector_bits,) if verdict.vector_bits else ()


def _where(verdict: Verdict) -> str:
    width = f" at {verdict.vector_bits} bits" if verdict.vector_bits else ""
    build = f" ({verdict.build})" if verdict.build else ""
    case = f" {verdict.suite}/{verdict.case}" if verdict.case else ""
    return f"{verdict.kernel} on {verdict.target}{width}{build}{case}"


def _failure(verdict: Verdict, number: int, common: Sequence[str] = ()) -> dict[str, Any]:
    texts = [line.strip() for line in describe(verdict, common).splitlines()[1:]]
    drawn = _drawn_lanes(verdict)
    return {
        "number": number,
        "outcome": verdict.outcome.value,
        "where": _where(verdict),
        "lines": [line for line in texts if not line.startswith("reproduce: ")],
        "reproduce": verdict.reproduce,
        **drawn,
    }


def _drawn_lanes(verdict: Verdict) -> dict[str, Any]:
    from harness.report.formats.html import plots

    worst = verdict.finding.worst
    if not has_failed(verdict) or worst is None or worst.window is None:
        return {"lanes": None, "elements": []}
    window = worst.window
    count = lanes_of(verdict)
    shares = [used_share(*values) for values in zip(window.got, window.want, window.tolerance, strict=True)]
    last = window.first + len(shares) - 1
    label = f"Elements {window.first} to {last} of {worst.output}, vectors of {count} lanes; worst: {worst.element}"
    texts = (
        f"{label} (framed). A box has its lane's number; a bar begins a vector; rows begin with their first element."
    )
    elements = range(window.first, last + 1)
    values = zip(elements, window.got, window.want, window.tolerance, shares, strict=True)
    return {
        "drawn": texts,
        "lanes": plots.lanes(window.first, shares, worst.element, count, label),
        "elements": [
            {"cells": (element, element % count, *_numbers((got, want, tolerance))), "is_beyond": not share <= 1}
            for element, got, want, tolerance, share in values
        ],
    }


def _numbers(values: Iterable[float]) -> Sequence[str]:
    return [number_text(value) for value in values]
