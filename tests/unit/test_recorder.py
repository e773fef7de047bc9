"""Where a run is written down, and what happens when it cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import StorageError
from harness.report.record import Recorder
from harness.report.store import new_run_directory


def recorder(*files: Path, kept: Path | None = None) -> Recorder:
    return Recorder(files, ["harness", "run"], {"in": "host"}, 0, None, notes=("a note",), kept=kept)


def test_it_is_kept_and_written_where_it_was_asked_for(tmp_path: Path) -> None:
    it = recorder(tmp_path / "asked.json", kept=tmp_path / "kept.json")
    it.write(finished=True, exit_code=0)
    assert (tmp_path / "asked.json").read_text() == (tmp_path / "kept.json").read_text()
    assert it.record(finished=True, exit_code=0)["notes"] == ["a note"]


def test_a_run_that_cannot_be_kept_says_so_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    it = recorder(tmp_path / "asked.json", kept=tmp_path / "file" / "record.json")
    it.write(finished=True, exit_code=0)
    notes = json.loads((tmp_path / "asked.json").read_text())["notes"]
    assert notes[0] == "a note"
    assert notes[1].startswith(f"This run is not stored: {tmp_path}/file/record.json: cannot write it: ")
    it.write(finished=True, exit_code=0)
    assert it.record(finished=True, exit_code=0)["notes"] == notes, "it is said once"


def test_what_was_asked_for_is_an_error_at_the_end_and_not_before(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    it = recorder(tmp_path / "file" / "asked.json", kept=tmp_path / "kept.json")
    it.add(0, [])
    it.write_if_due()
    assert json.loads((tmp_path / "kept.json").read_text())["finished"] is False
    with pytest.raises(StorageError, match=r"asked\.json: cannot write it"):
        it.write(finished=True, exit_code=0)
    assert json.loads((tmp_path / "kept.json").read_text())["finished"] is True


def test_no_directory_for_a_run_is_want_of_storage(tmp_path: Path) -> None:
    (tmp_path / ".harness").write_text("a file")
    with pytest.raises(StorageError, match=f"^{tmp_path}/.harness/runs: cannot write there: "):
        new_run_directory(tmp_path)
