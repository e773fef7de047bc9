"""Intel SDE as an executor. It cannot be downloaded here: a stand-in checks its arguments and runs the guest natively.

What the stand-in cannot show, SDE's own behaviour, is tested where SDE is found, and not run elsewhere.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import Harness

STAND_IN = """#!/bin/sh
if [ "$*" = -version ]; then echo 'Intel(R) Software Development Emulator.  Version:  9.58.0 external'; exit 0; fi
case "$*" in '-hsw -chip-check-exe-only -injection child -- /'*) ;; *) echo "unexpected: $*" >&2; exit 99;; esac
shift 5
exec "$@"
"""
QUICK = ("--suite", "boundary", "--cc", "gcc", "--opt", "O2", "--build", "plain")

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="SDE and its stand-in run on x86-64 only")


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "sde" / "sde64"
    program.parent.mkdir()
    program.write_text(STAND_IN)
    program.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SDE_PATH", str(program.parent))
    return program


def test_a_run_under_sde_names_it(harness: Harness, tmp_path: Path, stand_in: Path) -> None:
    record = tmp_path / "r.json"
    done = harness("run", "rms_norm_f32/avx2", "--emulator", "sde", *QUICK, "--json", record)
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(record.read_text())
    assert {row["emulator"] for row in said["verdicts"]} == {"sde 9.58.0, CPU -hsw"}
    assert said["jobs"][0]["run_command"][0] == str(stand_in)
    assert said["summary"]["PASS"] == 100


@pytest.mark.parametrize("found_by", ["program", "path"])
def test_sde_is_found(harness: Harness, stand_in: Path, monkeypatch: pytest.MonkeyPatch, found_by: str) -> None:
    if found_by == "program":
        monkeypatch.setenv("SDE_PATH", str(stand_in))
    else:
        monkeypatch.delenv("SDE_PATH")
        monkeypatch.setenv("PATH", f"{stand_in.parent}:{os.environ['PATH']}")
    done = harness("run", "rms_norm_f32/avx2", "--emulator", "sde", *QUICK, "--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sde 9.58.0" in done.stdout


def test_an_sde_that_fails_is_unavailable_in_its_own_words(harness: Harness, stand_in: Path) -> None:
    refusal = 'case $1 in -version) echo "Version: 9.58.0";; *) echo "E: cannot attach" >&2; exit 1;; esac'
    stand_in.write_text(f"#!/bin/sh\n{refusal}\n")
    done = harness("run", "rms_norm_f32/avx2", "--emulator", "sde", *QUICK)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "sde 9.58.0 does not run it: the guest did not start (exit status 1): E: cannot attach" in done.stdout


def test_without_sde_the_remedy_is_told(harness: Harness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if shutil.which("sde64"):
        pytest.skip("SDE is on the path here")
    monkeypatch.setenv("SDE_PATH", str(tmp_path))
    done = harness("run", "rms_norm_f32/avx512", "--emulator", "sde", *QUICK)
    assert done.returncode == 4
    assert "no Intel SDE; unpack Intel SDE and set SDE_PATH to its directory" in done.stdout


def test_sde_itself_runs_a_kernel(harness: Harness) -> None:
    if not (os.environ.get("SDE_PATH") or shutil.which("sde64")):
        pytest.skip("not run: Intel SDE is not installed here, and it cannot be downloaded")
    done = harness("run", "rms_norm_f32/avx512", "--emulator", "sde", *QUICK)
    assert done.returncode == 0, done.stdout + done.stderr
