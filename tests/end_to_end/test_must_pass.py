"""Correct kernels that look suspicious are accused of nothing, in any build.

Each is run at two of the five widths, by turns; `--all-widths` runs all five.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Harness, ManifestOf
from tests.kernels import ROOT, WIDTHS, KnownKernel, kernels_in, pair_of_widths, write_manifest

KERNELS = kernels_in(ROOT / "must_pass")
CONVENTIONS = {"requires", "alignment", "over_read", "waived"}


def without(kernel: KnownKernel, keys: set[str], **instead: Any) -> KnownKernel:
    """The kernel of a manifest that does not have these keys."""
    manifest: Mapping[str, Any] = {key: value for key, value in kernel.manifest.items() if key not in keys}
    return replace(kernel, manifest={**manifest, **instead})


def test_every_look_alike_is_expected_to_pass() -> None:
    assert len(KERNELS) >= 102
    assert {kernel.expected.outcomes for kernel in KERNELS} == {("PASS",)}


@pytest.mark.parametrize(
    "kernel", [k for k in KERNELS if CONVENTIONS & k.manifest.keys()], ids=lambda kernel: kernel.id
)
def test_a_convention_is_what_saves_a_look_alike(harness: Harness, tmp_path: Path, kernel: KnownKernel) -> None:
    manifest = write_manifest([without(kernel, CONVENTIONS)], tmp_path / "project")
    # What code alone tells comes with the gate, and gcc may be too old for SME.
    where = ["--cc", "clang" if "/sme" in kernel.id else "gcc", "--svl", "384"]
    if "/sme" in kernel.id or kernel.id.endswith("_vbmi"):
        where = [*where[:2], "--suite", "gate"]
    done = harness("run", kernel.id, "--config", manifest, *where, "--opt", "O2")
    assert done.returncode == 1, done.stdout
    assert "Conventions" not in done.stdout


def test_flags_promise_a_feature(harness: Harness, tmp_path: Path) -> None:
    """What a waiver saves where a feature is asked for at run time, a flag saves where it is promised."""
    (kernel,) = (kernel for kernel in KERNELS if "beyond-isa" in kernel.manifest.get("waived", ()))
    manifest = write_manifest([without(kernel, {"waived"}, flags=["-mavx512vbmi"])], tmp_path / "project")
    done = harness("run", kernel.id, "--config", manifest, "--cc", "gcc", "--opt", "O2", "--suite", "gate")
    assert done.returncode == 0, done.stdout
    assert "Conventions" not in done.stdout


@pytest.mark.parametrize(("rank", "kernel"), [*enumerate(k.id for k in KERNELS)], ids=[k.id for k in KERNELS])
def test_a_look_alike_is_accused_of_nothing(
    harness: Harness, tmp_path: Path, manifest_of: ManifestOf, rank: int, kernel: str, pytestconfig: pytest.Config
) -> None:
    record = tmp_path / "record.json"
    widths = WIDTHS if pytestconfig.getoption("--all-widths") else pair_of_widths(kernel, rank)
    how = ("--config", manifest_of("must_pass"), "--svl", ",".join(map(str, widths)))
    done = harness("run", kernel, *how, "--json", record)
    outcomes = Counter(row["outcome"] for row in json.loads(record.read_text())["verdicts"])
    assert set(outcomes) <= {"PASS", "UNAVAILABLE", "NOT_APPLICABLE"}, done.stdout
    assert outcomes["PASS"], done.stdout


def test_upper_halves_that_the_compiler_leaves_in_use_are_not_checked_and_that_is_said(
    harness: Harness, manifest_of: ManifestOf
) -> None:
    how = ("--config", manifest_of("must_pass"), "--opt", "O2", "--build", "hostile", "--suite", "residues")
    done = harness("run", "scale_f32/avx2_is_optimised_for_size", *how)
    assert done.returncode == 0, done.stdout
    notes = [line for line in done.stdout.splitlines() if line.startswith("Upper halves of AVX registers behind")]
    assert len(notes) == 1, "clang inserts VZEROUPPER whatever a pragma of gcc's says"
    assert "(gcc O2 hostile): not checked, since gcc inserts no VZEROUPPER into avx2_is_optimised_for_size" in notes[0]
