"""SME: the streaming vector length is asked for and attested, and no other length passes for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Harness

KERNELS = Path(__file__).parents[2] / "csrc" / "kernels"
WIDTHS = (128, 256, 512, 1024, 2048)
SHORT = ("--opt", "O2", "--build", "plain", "--suite", "residues")


def test_every_streaming_length_is_attested_and_the_other_length_differs(harness: Harness, tmp_path: Path) -> None:
    record = tmp_path / "r.json"
    done = harness("run", "rms_norm_f32/sme", "--svl", "all", *SHORT, "--json", record)
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(record.read_text())
    assert {job["vector_bits"] for job in said["jobs"]} == set(WIDTHS)
    for job in said["jobs"]:
        assert job["attestation"]["sme_bits"] == job["vector_bits"]
        assert job["attestation"]["sve_bits"] == (128 if job["vector_bits"] == 256 else 256)
    rows = [row for row in said["verdicts"] if row["case"] is not None]
    assert {row["vector_bits"] for row in rows} == set(WIDTHS)
    assert all(row["outcome"] == "PASS" and row["attested_vector_bits"] == row["vector_bits"] for row in rows)


def test_without_sme_every_bundled_kernel_faults(harness: Harness, tmp_path: Path) -> None:
    record = tmp_path / "r.json"
    done = harness("run", "*/sme", "--suite", "gate", "--json", record)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [row for row in json.loads(record.read_text())["verdicts"] if row["suite"] == "gate"]
    assert {row["kernel"] for row in rows} == {f"{path.parent.name}/sme" for path in KERNELS.glob("*/sme.c")}
    assert {row["outcome"] for row in rows} == {"PASS"}


@pytest.fixture
def no_compiler_for_sme(tmp_path: Path) -> dict[str, str]:
    """An environment whose only cross compiler is a gcc that knows everything but SME."""
    real = shutil.which("aarch64-linux-gnu-gcc")
    assert real
    programs = tmp_path / "bin"
    programs.mkdir()
    for tool in ("gcc", "as", "ld", "qemu-aarch64"):
        (programs / tool).symlink_to(shutil.which(tool) or "")
    gcc = programs / "aarch64-linux-gnu-gcc"
    refusal = 'case $* in *+sme*) echo "error: invalid feature sme" >&2; exit 1;; esac'
    gcc.write_text(f'#!/bin/sh\n{refusal}\nexec {real} "$@"\n')
    gcc.chmod(0o755)
    return {**os.environ, "PATH": str(programs), "XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.mark.parametrize(("kernel", "code"), [("sum_f32/s[mv]e", 0), ("sum_f32/sme", 4)])
def test_a_compiler_without_sme_is_unavailable_not_a_build_error(
    tmp_path: Path, no_compiler_for_sme: dict[str, str], kernel: str, code: int
) -> None:
    command = [sys.executable, "-m", "harness", "run", kernel, "--svl", "128", *SHORT]
    if code == 0:
        command[command.index("128")] = "all"  # a width that is named makes its absence an error
    done = subprocess.run(command, cwd=tmp_path, env=no_compiler_for_sme, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    assert "BUILD_ERROR" not in done.stdout
    assert "cannot compile for sme: error: invalid feature sme; needs gcc 14 or clang 18" in done.stdout
