"""The machine's troubles are not the kernel's, and a run that dies leaves nothing behind for long."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Harness

ONE = ("--cc", "gcc", "--opt", "O2", "--build", "plain", "--size", "33")
SUM = """
#include <stddef.h>
float total(const float *x, size_t n) {
    float sum = 0.0f;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum;
}
"""
ENDLESS = SUM.replace("return sum;", "for (volatile int forever = 1; forever;) {\n    }\n    return sum;")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A project with one kernel, native and emulated."""
    directory = tmp_path / "mine"
    directory.mkdir()
    (directory / "k.c").write_text(SUM)
    kernel = '[[kernel]]\nop = "sum_f32"\nisa = "{}"\nsources = ["k.c"]\nsymbol = "total"\n'
    (directory / "harness.toml").write_text(kernel.format("scalar") + kernel.format("neon"))
    return directory


def limited(directory: Path, *arguments: str, limit_bytes: int, **environment: str) -> subprocess.CompletedProcess[str]:
    """A run whose files may have so many bytes: what a full disk is to a tool, without being root."""
    return subprocess.run(
        [sys.executable, "-B", "-m", "harness", *arguments],
        cwd=directory,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes)),
    )


def test_no_room_in_the_cache_ends_the_run_in_one_line(mine: Path, tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    done = limited(mine, "run", "sum_f32/scalar", *ONE, "-q", limit_bytes=60_000, XDG_CACHE_HOME=cache)
    assert done.returncode == 5, done.stdout + done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"harness: {cache}/harness/builds/")
    assert "cannot be written there" in line or "cannot write the build cache" in line


def test_no_room_for_the_guests_files_ends_the_run_in_one_line(harness: Harness, mine: Path) -> None:
    how = ("run", "sum_f32/scalar", "--cc", "gcc", "--opt", "O2", "--build", "plain", "--size", "50000", "-q")
    assert harness(*how, cwd=mine).returncode == 0, "and everything is built"
    done = limited(mine, *how, limit_bytes=100_000)
    assert done.returncode == 5, done.stdout + done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "cannot write the guest's files: File too large" in line


def test_a_kernel_that_does_not_compile_is_to_blame_where_there_is_room(harness: Harness, mine: Path) -> None:
    (mine / "k.c").write_text(SUM.replace("x[i]", "y[i]"))
    done = harness("run", "sum_f32/scalar", *ONE, cwd=mine)
    assert done.returncode == 1
    assert "BUILD_ERROR" in done.stdout


@pytest.mark.parametrize("arguments", [("list",), ("run", "sum_f32/scalar", *ONE), ("run", "--dry-run"), ("check",)])
def test_a_full_standard_output_is_told_in_one_line(mine: Path, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "harness", *arguments], cwd=mine, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 5
    lines = [line for line in done.stderr.splitlines() if "jobs done" not in line]
    assert lines == ["harness: standard output: cannot write there: No space left on device"]


def test_an_absurd_size_is_refused_with_the_limit(harness: Harness, mine: Path) -> None:
    done = harness("run", "sum_f32/scalar", "--size", "999999999999", cwd=mine)
    assert done.returncode == 2
    assert done.stderr.startswith("harness: --size 999999999999: ")
    assert "the limit is 256 MiB, which is --size 67108864" in done.stderr


def test_where_no_run_can_be_kept_it_runs_and_says_so(harness: Harness, mine: Path) -> None:
    """As in a checkout that may only be read; a file in the place of the directory stops root as well."""
    (mine / ".harness").write_text("")
    done = harness("run", "sum_f32/scalar", *ONE, "--json", mine / "r.json", cwd=mine)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 1 cases passed" in done.stdout
    assert f"This run is not stored: {mine}/.harness/runs: cannot write there: " in done.stdout
    assert any("not stored" in note for note in json.loads((mine / "r.json").read_text())["notes"])
    (mine / ".harness").unlink()
    assert "not stored" not in harness("run", "sum_f32/scalar", *ONE, cwd=mine).stdout


def test_a_failure_of_a_run_that_is_not_kept_can_be_replayed(harness: Harness, mine: Path) -> None:
    (mine / ".harness").write_text("")
    (mine / "k.c").write_text(SUM.replace("sum += x[i]", "sum += 2 * x[i]"))
    done = harness("run", "sum_f32/scalar", *ONE, "--json", "r.json", cwd=mine)
    assert done.returncode == 1, done.stdout + done.stderr
    (failure,) = json.loads((mine / "r.json").read_text())["verdicts"]
    again = harness("replay", failure["id"], "--run", "r.json", cwd=mine)
    assert again.returncode == 1, again.stdout + again.stderr
    assert "now:\n  MISMATCH" in again.stdout


def test_a_record_that_was_asked_for_and_cannot_be_written_is_an_error(harness: Harness, mine: Path) -> None:
    done = harness("run", "sum_f32/scalar", *ONE, "--json", "/dev/full", cwd=mine)
    assert done.returncode == 5
    assert done.stderr.splitlines()[-1] == "harness: /dev/full: cannot write it: No space left on device"


# ---- what a killed run leaves -------------------------------------------------------------------------------------


def processes_below(directory: Path) -> list[int]:
    """Processes whose command line names a file below a directory."""

    def found() -> Iterator[int]:
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and str(directory).encode() in (entry / "cmdline").read_bytes():
                    yield int(entry.name)
            except OSError:
                continue

    return list(found())


def guests(temporary: Path) -> list[int]:
    return processes_below(temporary / "harness-run-")


def wait_for(condition: Callable[[], object], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.005)
    return False


@pytest.mark.parametrize("kernel", ["sum_f32/scalar", "sum_f32/neon"])
@pytest.mark.parametrize("delay_s", [0.0, 0.4], ids=["at once", "at work"])
def test_guests_die_with_a_killed_run_and_the_next_one_sweeps(
    harness: Harness, mine: Path, tmp_path: Path, kernel: str, delay_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    (mine / "k.c").write_text(ENDLESS)
    how = ["run", kernel, *ONE, "--timeout", "30"]
    assert harness("run", kernel, *ONE, "--timeout", "0.1", cwd=mine).returncode == 1, "and everything is built"
    assert list(temporary.iterdir()) == []
    run = subprocess.Popen([sys.executable, "-m", "harness", *how], cwd=mine, stdout=subprocess.DEVNULL)
    try:
        assert wait_for(lambda: guests(temporary), 60)
        time.sleep(delay_s)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert wait_for(lambda: not guests(temporary), 5), "far less than the time that the call was given"
    (left,) = temporary.iterdir()
    with subprocess.Popen([sys.executable, "-m", "harness", *how], cwd=mine, stdout=subprocess.DEVNULL) as live:
        try:
            assert wait_for(lambda: guests(temporary), 60)
            assert not left.exists(), "the next run has swept it"
            (used,) = temporary.iterdir()
            assert str(used) not in sweep(mine)
            assert used.is_dir(), "that of a live run stays"
        finally:
            live.send_signal(signal.SIGKILL)
    assert wait_for(lambda: not guests(temporary), 5)
    assert str(used) in sweep(mine)
    assert list(temporary.iterdir()) == []


def sweep(directory: Path) -> str:
    """What `harness clean` says, with a cache of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "harness", "clean"],
        cwd=directory,
        env={**os.environ, "XDG_CACHE_HOME": str(directory / "cache")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout
