"""How failures are told: one block for each cause, the same in every format, numbers as people write them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.model import Axis, Circumstances, Finding, Outcome, Verdict, Window, Worst, Wrong
from harness.report import annotations as github
from harness.report import table
from harness.report.causes import together_of
from harness.report.failures import drawn_lanes, vectors_text, worst_text
from harness.report.formats import html, junit, markdown
from harness.report.run import RunResult, run_of
from tests.unit import sample_runs

RULE = "fails exactly where len % lanes is not 0 (8 lanes)"
ELEMENTS = "only the last element"
DETAIL = "; ".join(f"line {number} of what is said of it" for number in range(9))


def dropped_tail() -> list[Verdict]:
    """A kernel that never stores its last element where a tail is left over, at 256 bits, in two builds."""
    verdicts = []
    for size in range(1, 41):
        for build in ("gcc O0 plain", "gcc O2 plain"):
            one = sample_runs.passed(f"len{size}", size, build=build)
            window = Window(size - 1, (0.0,), (1.0,), (0.1,))
            worst = Worst("y", size - 1, 0.0, 1.0, 8e6, 0.1, window)
            axis = Axis(size, size - 1, size - 1, 1 << size - 1)
            finding = Finding(Outcome.MISMATCH, DETAIL, worst=worst, wrong=(Wrong("y", 1, (axis,)),))
            verdicts.append(replace(one, finding=finding) if size % 8 else one)
    return verdicts


def run(verdicts: list[Verdict] | None = None, smallest: tuple[str, ...] = ()) -> RunResult:
    plain = sample_runs.run(dropped_tail() if verdicts is None else verdicts)
    (cause,) = plain.causes
    return RunResult({**plain.facts, **together_of(plain, {cause.shown.id: smallest})}, plain.verdicts)


def test_every_format_tells_a_cause_once_with_its_rule() -> None:
    whole = run()
    text = table.render(whole)
    assert text.count("MISMATCH  sum_f32/sve on") == 1
    assert text.count(f"{RULE}; {ELEMENTS}") == 1
    assert "and 69 more failures of this cause, at 256 bits, in 2 builds" in text
    assert markdown.render(whole).count("len % lanes is not 0") == 1
    assert html.render(whole).count(f"<p>{RULE}; {ELEMENTS}</p>") == 1
    assert github.render(whole, sample_runs.RECORD_1.parent).replace("%25", "%").count(RULE) == 1
    failures = junit.render(whole).split("<failure ")[1:]
    assert len(failures) == 70
    assert all(RULE in failure for failure in failures)
    (row,) = whole.facts["causes"]
    assert (row["rule"], row["elements"], row["failures"], row["judged"]) == (RULE, ELEMENTS, 70, 80)
    assert row["shown"] == whole.causes[0].shown.id


def test_a_block_is_no_longer_than_can_be_read() -> None:
    smallest = ("smallest case with the same failure: len = 1, x = {1}: got 0, want 1", "y[0..8]: |........|X")
    text = table.render(run(smallest=smallest))
    block = text.split("Failures, worst first:\n")[1].split("\n\n")[0]
    assert len(block.splitlines()) <= 12
    assert all(line in block for line in (*smallest, RULE, "reproduce: ", "replay: "))
    assert "line 8 of what is said" in table.render(run(), verbose=True)


def test_a_record_gives_the_same_causes() -> None:
    found = Circumstances(
        (("eps", 1e-5),), "special", "nan", 3, (("x", 4), ("y", 64)), True, "both", "negative", True, False
    )
    verdicts = [replace(verdict, circumstances=found) for verdict in dropped_tail()]
    whole = run(verdicts, ("smallest case with the same failure: len = 1",))
    again = sample_runs.retold(whole)
    assert [verdict.circumstances for verdict in again.verdicts] == [found] * len(verdicts)
    assert [verdict.finding.wrong for verdict in again.verdicts] == [verdict.finding.wrong for verdict in verdicts]
    assert again.causes == whole.causes
    assert again.smallest_of(again.causes[0].shown) == ["smallest case with the same failure: len = 1"]
    assert table.render(again) == table.render(whole)


def test_a_record_of_before_has_causes_too() -> None:
    rows = sample_runs.record(sample_runs.run(dropped_tail()))
    for row in rows["verdicts"]:
        del row["inputs"], row["wrong"]
    assert run_of(rows).causes[0].rule == RULE


# ---- numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("worst", "said"),
    [
        (Worst("y", 3, 4294967295, 0, None, 0.0), "y[3]: got 4294967295, want 0 exactly"),
        (Worst("y", 0, 9007199254740993, -1, None, 0.0), "y[0]: got 9007199254740993, want -1 exactly"),
        (Worst("y", 3, 7, 5, None, 1.0), "y[3]: got 7, want 5, 2 apart; tolerance 1"),
        (Worst("return", 0, 1.5, 1.25, None, 0.0), "the returned value: got 1.5, want 1.25 exactly"),
        (Worst("y", 1, 0.1, 0.2, 1e6, 1e-7), "y[1]: got 0.1, want 0.2, 1e+06 ULP apart; tolerance 1e-07"),
        (Worst("y", 1, float("nan"), 2.0, float("inf"), 0.1), "y[1]: got nan, want 2; tolerance 0.1"),
        (Worst("y", 1, 0.0, float("inf"), float("inf"), float("nan")), "y[1]: got 0, want inf"),
    ],
)
def test_numbers_are_written_as_people_do(worst: Worst, said: str) -> None:
    assert worst_text(worst) == said
    finding = Finding(Outcome.MISMATCH, worst=worst)
    (again,) = sample_runs.retold(sample_runs.run([sample_runs.failed(finding=finding)])).verdicts
    assert again.finding.worst
    assert worst_text(again.finding.worst) == said
    assert type(again.finding.worst.got) is type(worst.got)


def test_no_numpy_in_any_text() -> None:
    for render in (table.render, markdown.render, html.render, junit.render):
        assert "np." not in render(run())


def test_lanes_are_drawn() -> None:
    window = Window(0, (1.0,) * 9, (1.0,) * 8 + (2.0,), (0.1,) * 9)
    worst = Worst("y", 8, 1.0, 2.0, 1e6, 0.1, window)
    assert drawn_lanes(worst, 4) == "y[0..8]: |....|....|X  (X is wrong, | begins a vector)"
    assert drawn_lanes(worst, 1) == ""
    assert drawn_lanes(replace(worst, window=replace(window, got=window.want)), 4) == ""
    assert drawn_lanes(replace(worst, output="return"), 4) == ""
    assert vectors_text("abcdef", 6, 4) == "ab|cdef"


# ---- builds --------------------------------------------------------------------------------------------------------

LABELS = ("gcc O0 plain", "gcc O2 plain", "gcc O0 hostile", "gcc O2 hostile")


def in_builds(fails: Any) -> RunResult:
    """Four builds, in each of which a case fails or passes."""
    jobs = [{**sample_runs.run([]).jobs[0], "rank": rank, "build": label} for rank, label in enumerate(LABELS)]
    verdicts = [
        sample_runs.failed(case=f"len{size}", sizes=(("len", size),), build=label)
        if fails(size, label)
        else sample_runs.passed(f"len{size}", size, build=label)
        for label in LABELS
        for size in range(1, 20)
    ]
    return sample_runs.run(verdicts, jobs=jobs)


def test_builds_that_differ_in_a_case_are_told() -> None:
    """Both kinds of row fail in a part of the builds; labels of whole rows do not tell that."""
    text = table.render(in_builds(lambda size, label: label == "gcc O2 plain" and size == 7))
    assert "Builds of one source differ" in text
    passing = "gcc O0 plain, gcc O0 hostile, gcc O2 hostile"
    assert f"sum_f32/sve on sve at 256 bits: fails as gcc O2 plain; passes as {passing} (boundary/len7)" in text
    everywhere = table.render(in_builds(lambda size, label: size < 5 or (size == 7 and "O2" in label)))
    assert everywhere.count("fails as gcc O2 plain, gcc O2 hostile; passes as gcc O0 plain, gcc O0 hostile") == 1


@pytest.mark.parametrize("fails", [lambda size, label: size % 3 == 0, lambda size, label: True])
def test_builds_that_agree_case_by_case_are_not_told(fails: Any) -> None:
    assert "Builds of one source" not in table.render(in_builds(fails))


def test_a_case_that_one_build_alone_has_makes_no_difference() -> None:
    agreeing = in_builds(lambda size, label: size % 3 == 0)
    alone = sample_runs.failed(case="len70000", sizes=(("len", 70000),), suite="long", build="gcc O2 plain")
    assert "Builds of one source" not in table.render(RunResult(agreeing.facts, [*agreeing.verdicts, alone]))


def test_what_is_no_judgement_makes_no_difference() -> None:
    verdicts = [
        sample_runs.passed(build="gcc O0 plain"),
        sample_runs.passed(build="gcc O2 plain", finding=Finding(Outcome.HARNESS_ERROR, "no result")),
        sample_runs.passed(build="clang O2 plain", finding=Finding(Outcome.UNAVAILABLE, "no memory")),
    ]
    assert "Builds of one source" not in table.render(sample_runs.run(verdicts))


def test_two_ways_to_fail_are_a_difference_too() -> None:
    verdicts = [
        sample_runs.failed(build="gcc O0 plain"),
        sample_runs.failed(build="gcc O2 plain", finding=Finding(Outcome.CRASH, "SIGSEGV")),
    ]
    said = "CRASH as gcc O2 plain; MISMATCH as gcc O0 plain (boundary/len33)"
    assert said in table.render(sample_runs.run(verdicts))
    assert sample_runs.run(verdicts).disagreements[0].cases == ("boundary/len33",)


def test_emulators_that_differ_are_no_builds() -> None:
    labels = ("gcc O2 plain native", "gcc O2 plain qemu-user")
    jobs = [{**sample_runs.run([]).jobs[0], "build": label, "way": label.split()[-1]} for label in labels]
    verdicts = [sample_runs.failed(build=labels[0]), sample_runs.passed(build=labels[1])]
    assert not sample_runs.run(verdicts, jobs=jobs).disagreements
    assert sample_runs.run(verdicts).disagreements
