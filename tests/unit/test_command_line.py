"""What the program answers where there is little to do, and where its reports go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli import main
from harness.report.store import RUNS_DIRECTORY
from tests.unit import sample_runs


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def kept(folder: Path) -> Path:
    """A directory in which the record of a run is kept."""
    backend = folder / RUNS_DIRECTORY / "20260101T000000-a" / "record.json"
    backend.parent.mkdir(parents=True)
    backend.write_text(json.dumps(sample_runs.record(sample_runs.run([sample_runs.passed(), sample_runs.failed()]))))
    return folder


def test_without_a_verb_it_says_how_to_begin_and_is_no_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    for line in ("usage: harness", "validate kernels", "harness doctor", "harness run my_kernel.c", "harness init"):
        assert line in said.err


def test_history_without_runs_says_where_they_would_be(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history"]) == 3
    expected = f"harness: no run is stored in {folder / RUNS_DIRECTORY}: 'harness run' stores each one\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["sum_f32"], 0, ""),
        (["sum_f32/sve", "*/sve"], 0, ""),
        (["sum_f32/svee"], 2, "no run of the 1 stored here judged 'sum_f32/svee' (perhaps you meant 'sum_f32/sve')"),
        (["sum_f32", "nothing"], 2, "no run of the 1 stored here judged 'nothing'; they judged sum_f32/sve"),
    ],
)
@pytest.mark.usefixtures("kept")
def test_history_of_some_kernels(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", *arguments]) == code
    said = capsys.readouterr()
    assert ("sum_f32/sve" in said.out) == (code == 0)
    assert message in said.err


@pytest.mark.parametrize(
    ("option", "begins"),
    [
        ("--markdown", "### "),
        ("--json", '{"format":"harness-run"'),
        ("--junit", "<?xml"),
        ("--html", "<!doctype html>"),
    ],
)
@pytest.mark.usefixtures("kept")
def test_a_report_has_standard_output_to_itself(
    option: str, begins: str, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert main(["report", "last", option, "-"]) == 1
    said = capsys.readouterr()
    assert said.out.lower().startswith(begins.lower())
    assert "Failures, worst first" in said.err
    assert not (folder / "-").exists()
    if option == "--json":
        assert json.loads(said.out)["verdicts"]


@pytest.mark.usefixtures("kept")
def test_the_page_of_a_history_may_go_to_standard_output_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "--html", "-"]) == 0
    said = capsys.readouterr()
    assert said.out.lower().startswith("<!doctype html>")
    assert "sum_f32/sve" in said.err
