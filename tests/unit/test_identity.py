"""The short names of failures."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from harness.report import annotations as github
from harness.report import identity, table
from harness.report.formats import junit, markdown
from harness.report.identity import Identity, identified, identified_rows, matching, short_ids
from harness.report.record import verdict_row
from harness.report.run import run_of
from tests.unit import sample_runs


def test_what_failed_has_an_id_however_it_failed_and_what_passed_has_none() -> None:
    other = replace(sample_runs.failed("another detail"), case="len34")
    one, two, passed, absent = identified([sample_runs.failed(), other, sample_runs.passed(), sample_runs.absent()], 0)
    assert re.fullmatch("[a-z2-7]{6}", one.id)
    assert one.id != two.id
    assert passed.id == absent.id == ""
    assert identified([sample_runs.failed("later it says something else")], 0)[0].id == one.id
    assert identified([sample_runs.failed()], 1)[0].id != one.id  # other inputs


def test_what_is_about_all_builds_has_none() -> None:
    assert identified([sample_runs.failed(build=None, case=None, suite=None)], 0)[0].id == ""


def test_the_record_has_the_same_ids() -> None:
    verdicts = [sample_runs.failed(), sample_runs.passed()]
    rows = identified_rows([verdict_row(verdict, 0) for verdict in verdicts], 0)
    ids = [verdict.id for verdict in identified(verdicts, 0)]
    assert [row["id"] for row in rows] == [ids[0], None]
    assert [verdict.id for verdict in sample_runs.retold(sample_runs.run(verdicts)).verdicts] == ids


def test_ids_that_begin_alike_are_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    several: list[Identity] = [("op/k", "sve", "gcc O2 plain", 128, "s", f"len{size}") for size in range(3000)]
    with monkeypatch.context() as patched:
        patched.setattr(identity, "ID_CHARACTERS", 2)
        ids = short_ids(several, 0)
    every = sorted(ids.values())
    assert len(set(every)) == len(several)
    assert not any(after.startswith(before) for before, after in pairwise(every))
    assert {len(one) for one in short_ids(several, 0).values()} == {6}


def test_an_id_may_be_cut_while_it_is_the_only_one() -> None:
    ids = ["abc234", "abd777", "abc2345"]
    assert matching(ids, "ABD") == ["abd777"]
    assert matching(ids, "ab") == ids
    assert matching(ids, "abc234") == ["abc234"]
    assert matching(ids, "z") == []


def test_every_format_tells_how_to_replay() -> None:
    run = sample_runs.run(identified([sample_runs.failed()], 0))
    line = f"harness replay {run.verdicts[0].id}"
    assert f"      replay: {line}" in table.render(run)
    assert f"({line})" in markdown.render(run)
    assert line in junit.render(run)
    assert line in github.render(run, sample_runs.RECORD_1.parent)
    assert line in table.render(run_of(sample_runs.record(run)))
