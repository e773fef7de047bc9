"""Every format: of no, one and very many verdicts, and of names and outputs that mean harm."""

from __future__ import annotations

import json
import math
import re
import shutil
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import UsageError
from harness.model import Outcome, Verdict
from harness.report import annotations as github
from harness.report import difference, history, table
from harness.report.formats import html, junit, markdown
from harness.report.record import verdict_row
from harness.report.run import RunResult, read_record, run_of
from harness.report.text import visible
from tests.unit import sample_runs

COMMENT_CHARACTERS = 65_536
STEP_SUMMARY_BYTES = 1 << 20


def annotated(run: RunResult) -> str:
    return github.render(run, Path("/home/user"))


def compared(run: RunResult) -> str:
    """The difference from nothing to a run and back."""
    nothing = sample_runs.run([])
    pairs = ((nothing, run), (run, nothing))
    return "\n".join(difference.render(difference.difference(before, after)) for before, after in pairs)


def points_of(run: RunResult) -> dict[str, list[history.Point]]:
    """Two runs of which both are this one, as the records of stored runs have them."""
    record = {"verdicts": [verdict_row(verdict, 0) for verdict in run.verdicts], "started": run.facts["started"]}
    return history.points({"20260101T000000-abc": record, "20260102T000000-abc": record})


FORMATS: dict[str, Callable[[RunResult], str]] = {
    "table": table.render,
    "verbose table": lambda run: table.render(run, verbose=True),
    "markdown": markdown.render,
    "junit": junit.render,
    "annotations": annotated,
    "html": html.render,
    "difference": compared,
    "history": lambda run: history.render(points_of(run), plain=False),
    "history page": lambda run: html.render_history(points_of(run)),
    "record": lambda run: json.dumps(sample_runs.record(run)),
}
EVERY_FORMAT = pytest.mark.parametrize("render", FORMATS.values(), ids=FORMATS)


@EVERY_FORMAT
@pytest.mark.parametrize("count", [0, 1, 50_000])
def test_every_format_renders_any_number_of_verdicts(render: Callable[[RunResult], str], count: int) -> None:
    start = time.monotonic()
    text = render(sample_runs.run(sample_runs.many(count) if count else []))
    assert time.monotonic() - start < 30
    assert ("op0_f32" in text) == (count > 0)


@EVERY_FORMAT
@pytest.mark.parametrize("text", sample_runs.NASTY, ids=lambda text: ascii(text)[:20])
def test_no_format_lets_through_what_acts_instead_of_being_seen(render: Callable[[RunResult], str], text: str) -> None:
    rendered = render(sample_runs.nasty_run(text))
    rendered.encode("utf-8")
    seen = {character for character in rendered if visible(character) != character}
    assert seen <= {"\n"}


@EVERY_FORMAT
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7e308])
def test_no_number_stops_a_format(render: Callable[[RunResult], str], number: float) -> None:
    rendered = render(sample_runs.run(sample_runs.odd(number)))
    assert "sum_f32/sve" in rendered
    drawn = re.findall(r' (?:x|y|x1|x2|y1|y2|cx|cy|width|height|points|d|viewBox)="([^"]*)"', rendered)
    assert not [backend for backend in drawn if re.search("nan|inf", backend)]


@EVERY_FORMAT
def test_a_kept_run_is_told_like_a_fresh_one(render: Callable[[RunResult], str]) -> None:
    fresh = sample_runs.run([*sample_runs.many(500), *sample_runs.nasty("a 'b' & c"), sample_runs.absent()])
    assert render(sample_runs.retold(fresh)) == render(fresh)


# ---- the terminal --------------------------------------------------------------------------------------------------


def test_a_table_of_ten_kernels_at_five_widths_fits_on_a_screen() -> None:
    verdicts = [verdict for verdict in sample_runs.many(5_000) if verdict.outcome is Outcome.PASS]
    several = [replace(v, suite=f"suite{number % 6}") for number, v in enumerate(verdicts)]
    assert len(table.summary_rows(several)) == 300
    lines = table.render(sample_runs.run(several)).splitlines()
    assert len(lines) < 20
    assert any("128,256,512,1024,2048" in line and "6 suites" in line for line in lines)


def test_kernels_with_failures_come_first_and_their_passes_stay_beside_them() -> None:
    verdicts = [
        sample_runs.passed(kernel="a/sve"),
        sample_runs.passed(kernel="b/sve"),
        sample_runs.failed(kernel="b/sve", suite="special"),
    ]
    assert [row.kernel for row in table.summary_rows(verdicts)] == ["b/sve", "b/sve", "a/sve"]
    assert table.summary_rows(verdicts)[0].worst_outcome is Outcome.MISMATCH


def test_folding_never_puts_a_failure_among_passes() -> None:
    rows = table.folded(table.summary_rows(sample_runs.many(50_000)))
    assert sum(row.cases for row in rows) == 50_000
    failing = [row for row in rows if row.worst_outcome is not Outcome.PASS]
    assert sum(row.cases - row.passed for row in failing) == sum(
        v.outcome is not Outcome.PASS for v in sample_runs.many(50_000)
    )


def failing_everywhere() -> list[Verdict]:
    """Ten kernels that fail in every case, at five widths, in two builds."""
    places = [(k, bits, build) for k in range(10) for bits in (128, 256, 512, 1024, 2048) for build in ("O0", "O2")]
    return [
        sample_runs.failed(case=f"len{size}", kernel=f"op{k}/sve", vector_bits=bits, build=f"gcc {build} plain")
        for k, bits, build in places
        for size in range(1, 21)
    ]


def test_every_kernel_that_fails_is_told_before_any_is_told_again() -> None:
    run = sample_runs.run(failing_everywhere())
    text = table.render(run)
    assert re.findall(r"MISMATCH  (\S+) on", text) == [f"op{k}/sve" for k in range(10)]
    assert "and 199 more failures of this cause, at 128, 256, 512, 1024, 2048 bits, in 2 builds" in text
    assert len(text.splitlines()) < 10 * 12
    listed = re.findall(r"- MISMATCH (\S+) on sve at 128 bits.* and 199 more", markdown.render(run))
    assert listed == [f"op{k}/sve" for k in range(10)]
    told_of = re.findall(r'<span class="outcome">MISMATCH</span> (\S+) on sve at (\d+) bits', html.render(run))
    assert len(told_of) == 100
    assert {kernel for kernel, _ in told_of} == {f"op{k}/sve" for k in range(10)}
    assert all(len({bits for kernel, bits in told_of if kernel == f"op{k}/sve"}) == 5 for k in range(10))


def test_one_fault_is_told_once_with_where_else_it_shows() -> None:
    run = sample_runs.run([v for v in failing_everywhere() if v.kernel == "op3/sve"])
    text = table.render(run)
    assert re.findall(r"at (\d+) bits \(gcc (\w+) plain\) boundary/len1$", text, re.MULTILINE) == [("128", "O0")]
    verbose = table.render(run, verbose=True)
    assert len(re.findall(r"MISMATCH  op3/sve on", verbose)) == len(run.failures)


def test_the_name_of_a_file_does_nothing_to_the_terminal(harness: Any, tmp_path: Path, repository: Path) -> None:
    name = "k\x1b[31m\n::error::k.c"
    shutil.copy(repository / "csrc" / "kernels" / "sum_f32" / "scalar.c", tmp_path / name)
    kernel = {"op": "sum_f32", "isa": "scalar", "symbol": "sum_f32_scalar", "sources": [name]}
    lines = [f"{key} = {json.dumps(value)}" for key, value in kernel.items()]
    (tmp_path / "harness.toml").write_text("\n".join(["[[kernel]]", *lines]))
    done = harness("run", "-v", *("--cc", "gcc", "--opt", "O2", "--build", "plain", "--case", "boundary/len1"))
    assert done.returncode == 0, done.stderr
    assert "k\\x1b[31m\\x0a::error::k.c" in done.stderr
    assert {character for character in done.stderr + done.stdout if visible(character) != character} <= {"\n"}


# ---- Markdown ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", sample_runs.NASTY, ids=lambda text: ascii(text)[:20])
def test_markdown_has_no_markup_but_its_own(text: str) -> None:
    rendered = markdown.render(sample_runs.nasty_run(text))
    body, fence = rendered.split("Repeat with:")
    assert not re.search(r"<(?!/?br>)", body)
    assert not re.search(r"(?<!\\)(`|\]\()", body)
    assert not re.search(r"(?<!&)[@#]\w|://|\[link\]\(", body)
    for line in body.splitlines():
        if line.startswith("| ") and "cases passed" not in line:
            assert len(re.findall(r"(?<!\\)\|", line)) == 9
    ticks, *inside, closing = fence.strip("\n").splitlines()
    assert set(ticks.removesuffix("sh")) == {"`"}
    assert closing == ticks.removesuffix("sh")
    assert closing not in "".join(inside)


def test_markdown_fits_into_a_comment_whatever_there_is_to_say() -> None:
    long = "&" * 300
    verdicts = [sample_runs.failed(long, kernel=f"{number}{long}", build=long) for number in range(500)]
    verdicts += [sample_runs.absent(long, kernel=f"absent{number}{long}") for number in range(500)]
    job = sample_runs.run([]).jobs[0]
    jobs = [{**job, "compiler": {**job["compiler"], "name": f"{number}{long}"}} for number in range(500)]
    many = sample_runs.many(50_000, kernels=400)
    rendered = markdown.render(sample_runs.run([*verdicts, *many], notes=[long] * 500, jobs=jobs))
    assert len(rendered) < COMMENT_CHARACTERS
    assert len(rendered.encode()) < STEP_SUMMARY_BYTES
    assert "do not fit" in rendered


def test_markdown_has_what_a_reviewer_asks_for() -> None:
    notes = ["Conventions of sum_f32: waived: nan"]
    rendered = markdown.render(sample_runs.run([sample_runs.passed(), sample_runs.absent()], notes=notes))
    assert "| sve | 256 | 8 | 1/1 | 1.25 | 75 % | boundary | gcc O2 plain |" in rendered
    for part in ("5.00 to 5.00 ULP", "gcc 14.2.0", "qemu-user 10.0.13", "seed 0", "waived: nan", "no qemu-aarch64"):
        assert part in rendered
    assert "```sh\nharness run 'sum_f32/*'\n```" in rendered


# ---- JUnit XML -----------------------------------------------------------------------------------------------------

# What junit-10.xsd of Jenkins' xunit plugin says of the elements that are used here: attributes it demands, attributes
# it allows, elements inside.
GRAMMAR: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": ({"name"}, {"time", "classname", "group"}, {"skipped", "error", "failure", "system-out", "system-err"}),
    "failure": (set(), {"type", "message"}, set()),
    "error": (set(), {"type", "message"}, set()),
    "skipped": (set(), {"type", "message"}, set()),
}
TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")


def check(element: ET.Element) -> None:
    demanded, allowed, inside = GRAMMAR[element.tag]
    assert demanded <= set(element.attrib) <= demanded | allowed
    if element.tag.startswith("testsuite"):
        assert TIME.fullmatch(element.attrib["time"])
        assert not (element.text or "").strip()
    for child in element:
        assert child.tag in inside
        check(child)


@pytest.mark.parametrize("text", ["plain", *sample_runs.NASTY], ids=lambda text: ascii(text)[:20])
def test_junit_is_valid_and_says_the_same(text: str) -> None:
    root = ET.fromstring(junit.render(sample_runs.nasty_run(text)))
    check(root)
    assert root.attrib["tests"] == "3"
    assert {case.attrib["name"] for case in root.iter("testcase")} == {visible(f"{text}/{text}"), "UNAVAILABLE"}
    (failure,) = root.iter("failure")
    assert failure.attrib["message"] == visible(f"MISMATCH: {text}")
    assert f"reproduce: {visible(text)}" in (failure.text or "")


def test_junit_tells_failures_from_errors_from_what_did_not_run() -> None:
    fault = replace(sample_runs.failed().finding, outcome=Outcome.HARNESS_ERROR)
    verdicts = [sample_runs.passed(), sample_runs.failed(), sample_runs.failed(finding=fault), sample_runs.absent()]
    root = ET.fromstring(junit.render(sample_runs.run(verdicts)))
    check(root)
    assert {name: root.attrib[name] for name in ("tests", "failures", "errors")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
    }
    assert len(list(root.iter("skipped"))) == 1


def test_the_grammar_finds_a_fault() -> None:
    for wrong in ("<testsuites><testcase name='a'/></testsuites>", "<testsuites><testsuite name='a'/></testsuites>"):
        with pytest.raises((AssertionError, KeyError)):
            check(ET.fromstring(wrong))


# ---- annotations ---------------------------------------------------------------------------------------------------


def test_an_annotation_is_on_the_line_of_the_kernel() -> None:
    (line,) = annotated(sample_runs.run([sample_runs.failed(), sample_runs.failed(case="len5")])).splitlines()
    assert line.startswith("::error file=kernels/sve.c,line=12,title=MISMATCH sum_f32/sve on sve at 256 bits::")
    assert "(and 1 more)" in line


@pytest.mark.parametrize("text", sample_runs.NASTY, ids=lambda text: ascii(text)[:20])
def test_an_annotation_is_one_command_with_no_properties_but_its_own(text: str) -> None:
    (line,) = annotated(sample_runs.nasty_run(text)).splitlines()
    properties, _, message = line.removeprefix("::error ").partition("::")
    assert {part.split("=")[0] for part in properties.split(",")} <= {"file", "line", "title"}
    assert "\n" not in message


def test_an_annotation_escapes_as_github_reads_it() -> None:
    (line,) = annotated(sample_runs.run([sample_runs.failed("50 % of it", kernel="a,line=1::b%0Ac")])).splitlines()
    assert "title=MISMATCH a%2Cline=1%3A%3Ab%250Ac on sve" in line
    assert "50 %25 of it" in line


def test_annotations_are_no_more_than_are_shown() -> None:
    verdicts = [
        sample_runs.failed(kernel=f"op{number}/sve", finding=sample_runs.failed().finding) for number in range(30)
    ]
    jobs = [
        {**sample_runs.run([]).jobs[0], "kernel": v.kernel, "sources": [f"/home/user/{v.kernel}.c"]} for v in verdicts
    ]
    lines = annotated(sample_runs.run(verdicts, jobs=jobs)).splitlines()
    assert len(lines) == 11
    assert "20 more places" in lines[-1]


# ---- reading -------------------------------------------------------------------------------------------------------


def test_an_old_record_is_read() -> None:
    run = run_of(read_record(sample_runs.RECORD_1))
    assert len(run.verdicts) == 12
    assert {verdict.outcome for verdict in run.verdicts} == {Outcome.CRASH}
    for render in FORMATS.values():
        assert "sum_f32/sme" in render(run)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no json", "it is no JSON"),
        ("[]", "not a record"),
        ('{"format": "harness-run", "version": 99}', "reads versions 1 to"),
        ('{"format": "harness-run", "version": 1}', "a damaged record"),
    ],
)
def test_what_is_no_record_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(UsageError, match=said):
        read_record(tmp_path / "r.json")


def test_report_tells_of_a_kept_run_and_has_its_exit_code(harness: Any, tmp_path: Path) -> None:
    kept = tmp_path / ".harness" / "runs" / "20260101T000000-abc"
    kept.mkdir(parents=True)
    (kept / "record.json").write_text(
        json.dumps(sample_runs.record(sample_runs.run([sample_runs.failed()], exit_code=1)))
    )
    done = harness("report", "last", "--junit", "j.xml", "--markdown", "m.md", "--json", "r.json", "--annotations")
    assert done.returncode == 1, done.stderr
    assert "MISMATCH  sum_f32/sve on sve at 256 bits" in done.stdout
    assert "::error file=" in done.stdout
    check(ET.fromstring((tmp_path / "j.xml").read_text()))
    assert "Not all cases passed" in (tmp_path / "m.md").read_text()
    assert json.loads((tmp_path / "r.json").read_text()) == json.loads((kept / "record.json").read_text())
    done = harness("report", "2026010")
    assert done.returncode == 1
    done = harness("report", "last-one")
    assert done.returncode == 2
    assert "20260101T000000-abc" in done.stderr


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "1 of 1 cases passed; vector lengths attested by the guest: 256 bits"),
        ({"planned_jobs": 1}, "1 of 1 cases passed; vector lengths attested by the guest: 256 bits"),
        ({"planned_jobs": 3}, "attested by the guest: 256 bits; stopped at the first failure: 1 of 3 jobs were done"),
        ({"planned_jobs": 3, "finished": False}, "256 bits; interrupted: 1 of 3 jobs were done"),
        ({"finished": False}, "256 bits; interrupted: 1 job was done"),
        (
            {"planned_jobs": 3, "finished": False, "jobs": []},
            "interrupted before a job was done: nothing was judged",
        ),
    ],
)
def test_a_run_that_was_cut_short_says_so(facts: dict[str, Any], said: str) -> None:
    verdicts = [] if facts.get("jobs") == [] else [sample_runs.passed()]
    run = sample_runs.run(verdicts, **facts)
    assert table.verdict_line(run).endswith(said)
    assert table.render(run).endswith(said)
    assert said in markdown.render(run)
    assert ("All cases passed" in markdown.render(run)) == facts.get("finished", True)
    assert "0 of 0" not in table.render(run)
