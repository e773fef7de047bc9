"""Correct kernels that look suspicious are accused of nothing, in any build, at any width."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import Harness

SIBLINGS = Path(__file__).parents[2] / "csrc" / "siblings"


def kernels() -> list[str]:
    manifest = tomllib.loads((SIBLINGS / "harness.toml").read_text())
    return [f"{kernel['op']}/{kernel.get('name', kernel['isa'])}" for kernel in manifest["kernel"]]


def conventional() -> list[str]:
    manifest = tomllib.loads((SIBLINGS / "harness.toml").read_text())
    keys = {"requires", "alignment", "over_read", "waived"}
    return [f"{kernel['op']}/{kernel['name']}" for kernel in manifest["kernel"] if keys & kernel.keys()]


@pytest.mark.parametrize("kernel", conventional())
def test_a_convention_is_what_saves_a_sibling(harness: Harness, tmp_path: Path, kernel: str) -> None:
    shutil.copytree(SIBLINGS, tmp_path / "siblings")
    manifest = tmp_path / "siblings" / "harness.toml"
    lines = manifest.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not re.match("(requires|alignment|over_read|waived) =", line)]
    manifest.write_text("".join(kept))
    # What code alone tells comes with the gate, and gcc may be too old for SME.
    where = ["--cc", "clang" if "/sme" in kernel else "gcc", "--svl", "384"]
    if "/sme" in kernel or kernel.endswith("_vbmi"):
        where = [*where[:2], "--suite", "gate"]
    done = harness("run", kernel, "--config", manifest, *where, "--opt", "O2")
    assert done.returncode == 1, done.stdout
    assert "Conventions" not in done.stdout


def test_flags_promise_a_feature(harness: Harness, tmp_path: Path) -> None:
    """What a waiver saves where a feature is asked for at run time, a flag saves where it is promised."""
    shutil.copytree(SIBLINGS, tmp_path / "siblings")
    manifest = tmp_path / "siblings" / "harness.toml"
    manifest.write_text(re.sub("waived = { beyond-isa.*", 'flags = ["-mavx512vbmi"]', manifest.read_text()))
    how = ("--config", manifest, "--cc", "gcc", "--opt", "O2", "--suite", "gate")
    done = harness("run", "sum_f32/avx512_asks_for_vbmi", *how)
    assert done.returncode == 0, done.stdout
    assert "Conventions" not in done.stdout


@pytest.mark.parametrize("kernel", kernels())
def test_a_correct_sibling_is_accused_of_nothing(harness: Harness, tmp_path: Path, kernel: str) -> None:
    record = tmp_path / "record.json"
    done = harness("run", kernel, "--config", SIBLINGS / "harness.toml", "--svl", "128,512,2048", "--json", record)
    outcomes = Counter(row["outcome"] for row in json.loads(record.read_text())["verdicts"])
    assert set(outcomes) <= {"PASS", "UNAVAILABLE", "NOT_APPLICABLE"}, done.stdout
    assert outcomes["PASS"], done.stdout


def test_upper_halves_that_the_compiler_leaves_in_use_are_not_checked_and_that_is_said(harness: Harness) -> None:
    how = ("--config", SIBLINGS / "harness.toml", "--opt", "O2", "--build", "hostile", "--suite", "residues")
    done = harness("run", "scale_f32/avx2_is_optimised_for_size", *how)
    assert done.returncode == 0, done.stdout
    notes = [line for line in done.stdout.splitlines() if line.startswith("Upper halves of AVX registers behind")]
    assert len(notes) == 1, "clang inserts VZEROUPPER whatever a pragma of gcc's says"
    assert "(gcc O2 hostile): not checked, since gcc inserts no VZEROUPPER into avx2_is_optimised_for_size" in notes[0]
