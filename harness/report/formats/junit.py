"""JUnit XML.

One suite per job, one test case per case, as Jenkins, GitLab and others read it. The grammar is that of junit-10.xsd,
which Jenkins' xunit plugin publishes. Both viewers identify a case by class name and name together, so that the class
name holds target, width and build.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from xml.sax.saxutils import quoteattr

from harness.model import Outcome, Verdict
from harness.report.failures import common_lines
from harness.report.run import NOT_RUN, RunResult, has_failed
from harness.report.table import describe
from harness.report.text import visible

_SKIPPED = (*NOT_RUN, Outcome.EXPECTED_FAILURE)
_ERRORS = (Outcome.HARNESS_ERROR, Outcome.CONTRACT_ERROR, Outcome.BUILD_ERROR)
"""No judgement of a result: what JUnit calls an error instead of a failure."""


def render(run: RunResult) -> str:
    """Return the document."""
    suites = [list(group) for _, group in groupby(run.verdicts, _where)]
    common = {id(verdict): common_lines(cause) for cause in run.causes for verdict in cause.failures}
    started = str(run.facts["started"]).partition("+")[0]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuites name="harness" {_counts(run.verdicts, with_skipped=False)}>')
    for group in suites:
        lines += _suite(group, started, common)
    lines.append("</testsuites>\n")
    return "\n".join(lines)


def _where(verdict: Verdict) -> str:
    width = f" at {verdict.vector_bits} bits" if verdict.vector_bits else ""
    build = f" ({verdict.build})" if verdict.build else ""
    return f"{verdict.kernel} on {verdict.target}{width}{build}"


def _suite(verdicts: Sequence[Verdict], started: str, common: Mapping[int, Sequence[str]]) -> Iterator[str]:
    first = verdicts[0]
    yield f"<testsuite name={_quoted(_where(first))} {_counts(verdicts)} timestamp={_quoted(started)}>"
    facts = {
        "vector_bits": first.vector_bits,
        "attested_vector_bits": first.attested_vector_bits,
        "emulator": first.emulator,
    }
    texts = {name: value for name, value in facts.items() if value is not None}
    if texts:
        yield "<properties>"
        yield from (f"<property name={_quoted(name)} value={_quoted(value)}/>" for name, value in texts.items())
        yield "</properties>"
    for verdict in verdicts:
        yield _case(verdict, common.get(id(verdict), ()))
    yield "</testsuite>"


def _case(verdict: Verdict, common: Sequence[str]) -> str:
    name = f"{verdict.suite}/{verdict.case}" if verdict.case else verdict.outcome.value
    time = _seconds(verdict.finding.seconds)
    head = f'<testcase classname={_quoted(_class(verdict))} name={_quoted(name)} time="{time}"'
    if verdict.outcome is Outcome.PASS:
        return f"{head}/>"
    outcome, detail = verdict.outcome.value, verdict.finding.detail
    if verdict.outcome in _SKIPPED:
        return f"{head}><skipped type={_quoted(outcome)} message={_quoted(detail)}/></testcase>"
    element = "error" if verdict.outcome in _ERRORS else "failure"
    message = f"{outcome}: {detail}"
    body = _text(describe(verdict, common))
    return f"{head}><{element} type={_quoted(outcome)} message={_quoted(message)}>{body}</{element}></testcase>"


def _class(verdict: Verdict) -> str:
    """Dots separate what viewers group by."""
    parts = (
        verdict.kernel,
        verdict.target,
        f"{verdict.vector_bits} bits" if verdict.vector_bits else "",
        verdict.build,
    )
    return ".".join(part.replace(".", "_") for part in parts if part)


def _counts(verdicts: Sequence[Verdict], *, with_skipped: bool = True) -> str:
    errors = sum(verdict.outcome in _ERRORS for verdict in verdicts)
    counts = {
        "tests": len(verdicts),
        "failures": sum(has_failed(verdict) for verdict in verdicts) - errors,
        "errors": errors,
    }
    if with_skipped:
        counts["skipped"] = sum(verdict.outcome in _SKIPPED for verdict in verdicts)
    texts = [f'{name}="{count}"' for name, count in counts.items()]
    return " ".join((*texts, f'time="{_seconds(sum(verdict.finding.seconds for verdict in verdicts))}"'))


def _seconds(seconds: float) -> str:
    """Write a time as the schema's pattern wants it."""
    return f"{seconds:.3f}"


def _quoted(value: object) -> str:
    return quoteattr(visible(str(value)))


def _text(text: str) -> str:
    """Escape the body of an element; its lines have been made safe one by one."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
