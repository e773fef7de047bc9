"""What changed between two runs, and how kernels fared over many."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.model import Outcome, Verdict
from harness.report.difference import Difference, difference, render
from harness.report.formats.html import render_history as render_page
from harness.report.history import points
from harness.report.history import render as render_history
from harness.report.text import visible
from tests.conftest import Harness
from tests.unit import sample_runs


def changed(before: list[Verdict], after: list[Verdict]) -> Difference:
    return difference(sample_runs.run(before), sample_runs.run(after))


def with_headroom(headroom: float, case: str = "len33") -> Verdict:
    verdict = sample_runs.passed(case)
    return replace(verdict, finding=replace(verdict.finding, headroom=headroom, max_ulp=5 * (1 - headroom)))


def test_a_new_failure_is_a_regression() -> None:
    found = changed(
        [sample_runs.passed(), sample_runs.passed("len5")], [sample_runs.failed(), sample_runs.passed("len5")]
    )
    assert [v.case for v in found.new_failures] == ["len33"]
    assert found.is_regression
    assert "New failures:\n  MISMATCH  sum_f32/sve on sve at 256 bits" in render(found)
    assert render(found).endswith("REGRESSION: 1 new failures")


def test_a_case_that_is_new_and_fails_is_a_regression_and_one_that_passes_is_not() -> None:
    assert changed([], [sample_runs.failed()]).is_regression
    found = changed([], [sample_runs.passed()])
    assert not found.is_regression
    assert found.new == 1


def test_what_failed_before_is_no_regression_and_its_repair_is_told() -> None:
    assert not changed([sample_runs.failed()], [sample_runs.failed()]).is_regression
    found = changed([sample_runs.failed()], [sample_runs.passed()])
    assert not found.is_regression
    assert "Fixed:\n  sum_f32/sve on sve at 256 bits (gcc O2 plain) boundary/len33" in render(found)


def test_lost_headroom_is_a_regression_from_a_tenth_of_the_tolerance() -> None:
    assert changed([with_headroom(0.8)], [with_headroom(0.69)]).is_regression
    assert not changed([with_headroom(0.8)], [with_headroom(0.75)]).is_regression
    told_of = render(changed([with_headroom(0.8)], [with_headroom(0.75)]))
    assert "headroom 80 % -> 75 %, max ULP 1.00 -> 1.25" in told_of
    assert told_of.endswith("No regression: 1 groups changed headroom")
    assert not changed([with_headroom(0.2)], [with_headroom(0.9)]).is_regression


def test_headroom_is_compared_on_the_same_cases() -> None:
    before = [with_headroom(0.8)]
    assert not changed(before, [with_headroom(0.8), with_headroom(0.1, "len7")]).shifts


def test_what_is_not_judged_any_more_is_told_and_is_no_regression() -> None:
    found = changed([sample_runs.passed(), sample_runs.passed("len5")], [sample_runs.passed(), sample_runs.absent()])
    assert [v.case for v in found.gone] == ["len5"]
    assert not found.is_regression
    assert "Not judged any more:\n" in render(found)


def test_other_inputs_and_tools_are_pointed_out() -> None:
    job = sample_runs.run([]).jobs[0]
    later = {**job, "compiler": {**job["compiler"], "version": "15.1.0"}}
    text = render(
        difference(
            sample_runs.run([sample_runs.passed()]), sample_runs.run([sample_runs.passed()], seed=3, jobs=[later])
        )
    )
    assert "seeds differ (0, then 3)" in text
    assert "compilers differ: gcc 14.2.0, then gcc 15.1.0" in text


@pytest.mark.parametrize("text", sample_runs.NASTY, ids=lambda text: ascii(text)[:20])
def test_nothing_acts_instead_of_being_seen(text: str) -> None:
    kernels = points({text: sample_runs.record(sample_runs.run(sample_runs.nasty(text)))})
    for rendered in (render(changed(sample_runs.nasty(text), [])), render_history(kernels, plain=True)):
        assert {c for c in rendered if visible(c) != c} <= {"\n"}
    plain, nasty = (render_page({name: points_of}) for points_of in kernels.values() for name in ("plain", text))
    assert re.findall(r"<(\w+)", nasty) == re.findall(r"<(\w+)", plain)


def keep(folder: Path, name: str, verdicts: list[Verdict]) -> None:
    backend = folder / ".harness" / "runs" / name
    backend.mkdir(parents=True)
    (backend / "record.json").write_text(json.dumps(sample_runs.record(sample_runs.run(verdicts))))


def test_diff_and_history_on_kept_runs(harness: Harness, tmp_path: Path) -> None:
    keep(tmp_path, "1", [with_headroom(0.9)])
    keep(tmp_path, "2", [sample_runs.failed()])
    keep(tmp_path, "3", [with_headroom(0.1)])
    assert harness("diff", "1", "1").returncode == 0
    done = harness("diff", "1", "last")
    assert done.returncode == 1
    assert "Headroom lost" in done.stdout
    assert harness("diff", "2", "3").returncode == 0
    done = harness("history")
    assert done.returncode == 0
    assert "█x▁" in done.stdout or "8x1" in done.stdout
    assert harness("history", "max_f32/*").returncode == 2
    assert harness("history", "sum_f32/*", "--html", "h.html").returncode == 0
    page = (tmp_path / "h.html").read_text()
    assert page.count("<circle") == 3
    assert page.count('<circle class="miss"') == 1


def test_a_run_is_held_against_a_baseline(harness: Harness, tmp_path: Path) -> None:
    one = ("run", "sum_f32/scalar", "--cc", "gcc", "--opt", "O2", "--build", "plain", "--case", "boundary/len33")
    assert harness(*one, "--json", "r.json").returncode == 0
    done = harness(*one, "--baseline", "r.json")
    assert done.returncode == 0, done.stderr
    assert "No regression: no change" in done.stdout
    better = json.loads((tmp_path / "r.json").read_text())
    better["verdicts"][0]["headroom"] += 0.5
    (tmp_path / "better.json").write_text(json.dumps(better))
    done = harness(*one, "--baseline", "better.json")
    assert done.returncode == 1
    assert "REGRESSION: 1 groups lost headroom" in done.stdout
    assert harness(*one, "--baseline", "none.json").returncode == 2


def test_a_failure_that_the_baseline_knows_is_still_a_failure() -> None:
    assert changed([sample_runs.failed()], [sample_runs.failed()]).still_failing[0].outcome is Outcome.MISMATCH
