"""Directories that go with their owners, and processes that do."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.storage.scratch import scratch, sweep

OWNER = """
import sys, time
from pathlib import Path
from harness.storage.scratch import scratch
with scratch(Path(sys.argv[1]), "work-") as directory:
    (directory / "large").write_text("x")
    print(directory, flush=True)
    time.sleep(600)
"""


@contextlib.contextmanager
def owner(parent: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    process = subprocess.Popen([sys.executable, "-c", OWNER, parent], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process, Path(process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


def test_a_directory_is_there_as_long_as_it_is_needed(tmp_path: Path) -> None:
    with scratch(tmp_path, "work-") as directory:
        (directory / "file").write_text("x")
        assert list(tmp_path.iterdir()) == [directory]
        assert directory.name.startswith("work-")
    assert list(tmp_path.iterdir()) == []
    with scratch(tmp_path, "work-") as directory:
        directory.rename(tmp_path / "kept")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_what_a_killed_owner_leaves_is_swept_and_what_a_live_one_has_is_not(tmp_path: Path) -> None:
    (tmp_path / "another-1").mkdir()
    (tmp_path / "work-file").write_text("no directory")
    with owner(tmp_path) as (_, used), owner(tmp_path) as (killed, left), scratch(tmp_path, "work-") as own:
        assert sweep(tmp_path, "work-") == []
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert sweep(tmp_path, "work-") == [left]
        assert not left.exists()
        assert (used / "large").exists()
        assert own.is_dir()
    assert (tmp_path / "another-1").is_dir()
    assert (tmp_path / "work-file").exists()


def test_what_is_young_is_left_where_locks_may_not_tell(tmp_path: Path) -> None:
    (tmp_path / "work-1").mkdir()
    assert sweep(tmp_path, "work-", 60) == []
    os.utime(tmp_path / "work-1", (0, 0))
    assert sweep(tmp_path, "work-", 60) == [tmp_path / "work-1"]


def test_what_is_not_ones_own_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work-1").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert sweep(tmp_path, "work-") == []
    monkeypatch.undo()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "work-2").symlink_to(tmp_path / "elsewhere")
    assert sweep(tmp_path, "work-") == [tmp_path / "work-1"]
    assert (tmp_path / "elsewhere").is_dir(), "links are not followed"
    assert sweep(tmp_path / "none", "work-") == []


# Starts a process with the mark that starts another one in a session of its own, and one without the mark.
WATCHED = """
import os, subprocess, sys, time
from harness.backend.watchdog import Watchdog
watchdog = Watchdog()
watchdog.start()
how = {"env": {**os.environ, **watchdog.mark}, "start_new_session": True}
script = "setsid sleep 600 & echo $!; sleep 600"
marked = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True, **how)
plain = subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL, start_new_session=True)
print(marked.pid, marked.stdout.readline().strip(), plain.pid, flush=True)
if sys.argv[1] == "close":
    watchdog.close()
    sys.exit()
time.sleep(600)
"""


def is_running(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def wait_until_gone(pids: list[int]) -> list[int]:
    """Return those that are left after some time."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and any(map(is_running, pids)):
        time.sleep(0.02)
    return [pid for pid in pids if is_running(pid)]


def end(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_marked_processes_and_their_children_do_not_outlive_a_killed_owner() -> None:
    process = subprocess.Popen([sys.executable, "-c", WATCHED, "wait"], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    *marked, plain = map(int, process.stdout.readline().split())
    try:
        assert all(map(is_running, [*marked, plain]))
        process.kill()
        process.communicate()
        assert wait_until_gone(marked) == []
        assert is_running(plain), "whoever has no mark is none of ours"
    finally:
        end([*marked, plain])


def test_an_owner_that_is_done_has_nothing_ended() -> None:
    done = subprocess.run([sys.executable, "-c", WATCHED, "close"], stdout=subprocess.PIPE, text=True, check=True)
    started = [int(word) for word in done.stdout.split()]
    try:
        time.sleep(0.5)
        assert all(map(is_running, started))
    finally:
        end(started)
