"""The store of built files, which several processes fill at the same time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import HarnessError, StorageError
from harness.storage.cache import entry

# Says so when it fills, and takes its time.
FILLER = """
import sys, time
from pathlib import Path
from harness.storage.cache import entry
def fill(aside):
    time.sleep(0.3)
    (aside / "made").write_text("whole")
    with open(sys.argv[2], "a") as log: log.write("filled\\n")
print((entry(Path(sys.argv[1]), "abcdef", fill) / "made").read_text())
"""


def test_of_several_processes_one_fills_an_entry(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FILLER, str(tmp_path / "store"), str(tmp_path / "log")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0].strip() for process in started] == ["whole"] * 3
    assert (tmp_path / "log").read_text() == "filled\n"
    assert [path.name for path in (tmp_path / "store" / "ab").iterdir()] == ["abcdef"]


def test_what_a_dead_process_had_begun_is_swept_by_the_next(tmp_path: Path) -> None:
    old, young = tmp_path / "ab" / ".new-old", tmp_path / "ab" / ".new-young"
    for directory in (old, young):
        directory.mkdir(parents=True)
    os.utime(old, (0, 0))
    entry(tmp_path, "abcdef", lambda aside: (aside / "made").touch())
    assert not old.exists()
    assert young.exists()


def test_an_entry_that_cannot_be_moved_into_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "ab" / "abcdef").parent.mkdir()

    def fill(aside: Path) -> None:
        aside.joinpath("made").touch()
        (tmp_path / "ab" / "abcdef").write_text("a file in its place")

    with pytest.raises(StorageError, match="abcdef: cannot write the build cache"):
        entry(tmp_path, "abcdef", fill)


def test_an_entry_that_could_not_be_filled_is_tried_again(tmp_path: Path) -> None:
    def fail(_aside: Path) -> None:
        raise HarnessError("no")

    with pytest.raises(HarnessError):
        entry(tmp_path, "abcdef", fail)
    assert list((tmp_path / "ab").iterdir()) == []
    assert entry(tmp_path, "abcdef", lambda aside: (aside / "made").touch()) == tmp_path / "ab" / "abcdef"
