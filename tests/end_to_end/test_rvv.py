"""RVV: VLEN is attested, hostile builds run on a hostile processor, and what it cannot do is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Harness

WIDTHS = (128, 256, 512, 1024)
SHORT = ("--cc", "clang", "--opt", "O2")
KERNELS = Path(__file__).parents[2] / "csrc" / "kernels"
FACTS = {"rvv_ta_all_1s": "rvv_tail_ones", "rvv_ma_all_1s": "rvv_mask_ones", "rvv_vl_half_avl": "rvv_half_avl"}


def ran(done: subprocess.CompletedProcess[str], record: Path) -> dict[str, Any]:
    assert record.exists(), done.stderr
    said: dict[str, Any] = json.loads(record.read_text())
    return said


def test_every_length_is_attested_and_only_hostile_builds_run_on_a_hostile_processor(
    harness: Harness, tmp_path: Path
) -> None:
    record = tmp_path / "r.json"
    done = harness("run", "rms_norm_f32/rvv", "--svl", "all", *SHORT, "--suite", "residues", "--json", record)
    assert done.returncode == 0, done.stdout + done.stderr
    said = ran(done, record)
    assert {row["attested_vector_bits"] for row in said["verdicts"] if row["case"]} == set(WIDTHS)
    for job in said["jobs"]:
        assert job["attestation"]["rvv_bits"] == job["vector_bits"]
        is_hostile = job["build"].endswith("hostile")
        for name, fact in FACTS.items():
            has = is_hostile and name not in job["emulator"]["lacks"]
            assert job["attestation"][fact] == has, (job["build"], fact)
            assert (f"{name}=true" in job["emulator"]["cpu"]) == has
        assert "rvv_ta_all_1s" not in job["emulator"]["lacks"], "every QEMU since 7.2 has it"
    for name in {name for job in said["jobs"] for name in job["emulator"]["lacks"]}:
        assert f"run without {name}, which qemu-user" in done.stdout


def test_without_v_every_bundled_kernel_faults(harness: Harness, tmp_path: Path) -> None:
    record = tmp_path / "r.json"
    done = harness("run", "*/rvv", "--suite", "gate", "--json", record)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [row for row in ran(done, record)["verdicts"] if row["suite"] == "gate"]
    assert {row["kernel"] for row in rows} == {f"{path.parent.name}/rvv" for path in KERNELS.glob("*/rvv.c")}
    assert {row["outcome"] for row in rows} == {"PASS"}


def test_a_length_that_no_emulator_has_is_not_applicable(harness: Harness) -> None:
    done = harness("run", "sum_f32/rvv", "--svl", "128,2048", *SHORT, "--suite", "residues", "--build", "plain")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT_APPLICABLE  sum_f32/rvv on rvv at 2048 bits: rvv has no vectors of 2048 bits" in done.stdout


# ---- kernels -------------------------------------------------------------------------------------------------------

MANIFEST = """
[[kernel]]
op = "sum_f32"
isa = "rvv"
sources = ["kernel.c"]
symbol = "kernel"
"""
SKIPS_AND_ADDS = """
#include <riscv_vector.h>
#include <stddef.h>
float kernel(float *x, size_t len) {
    const size_t lanes = __riscv_vsetvlmax_e32m1();
    vfloat32m1_t sums = __riscv_vfmv_v_f_f32m1(0.0f, lanes);
    for (size_t i = 0; i < len; i += lanes) {
        const size_t vl = __riscv_vsetvl_e32m1(len - i);
        const vfloat32m1_t loaded = __riscv_vle32_v_f32m1(x + i, vl);
        sums = __riscv_vfadd_vv_f32m1_tu(sums, sums, loaded, vl);
    }
    @THEN@
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m1_f32m1(sums, zero, lanes));
}
"""
"""Right where vl is all that fits: the specification (6.3) promises that up to VLMAX and from twice that on only."""


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    (tmp_path / "harness.toml").write_text(MANIFEST)
    (tmp_path / "kernel.c").write_text(SKIPS_AND_ADDS.replace("@THEN@", ""))
    return tmp_path / "kernel.c"


def test_a_kernel_that_counts_on_full_strips_is_found_or_the_report_says_why_not(
    harness: Harness, kernel: Path
) -> None:
    record = kernel.parent / "r.json"
    done = harness("run", "--svl", "256", *SHORT, "--suite", "residues", "--json", record)
    said = ran(done, record)
    lacks = {name for job in said["jobs"] for name in job["emulator"]["lacks"]}
    outcomes = {variant: set[str]() for variant in ("plain", "hostile")}
    for row in said["verdicts"]:
        if row["case"]:
            outcomes[row["build"].split()[-1]].add(row["outcome"])
    assert outcomes["plain"] == {"PASS"}
    if "rvv_vl_half_avl" in lacks:
        assert outcomes["hostile"] == {"PASS"}
        assert "Hostile builds on rvv run without rvv_vl_half_avl, which qemu-user" in done.stdout
    else:
        assert "MISMATCH" in outcomes["hostile"], done.stdout


@pytest.mark.parametrize(
    ("then", "what"),
    [
        ("__riscv_vse32_v_f32m1(x + len, sums, 1);", "wrote x["),
        ("sums = __riscv_vfadd_vv_f32m1_tu(sums, sums, __riscv_vle32_v_f32m1(x + len, 1), 1);", "read x["),
    ],
)
def test_a_fault_of_a_vector_instruction_is_told_as_read_or_write(
    harness: Harness, kernel: Path, then: str, what: str
) -> None:
    kernel.write_text(SKIPS_AND_ADDS.replace("@THEN@", then))
    done = harness("run", "--svl", "256", *SHORT, "--build", "plain", "--size", "19")
    assert done.returncode == 1
    assert f"{what}19], past the end of its 19 elements" in done.stdout
    assert f"in v{'s' if what.startswith('wrote') else 'l'}e32.v" in done.stdout


# ---- tools that lack something -------------------------------------------------------------------------------------


def path_with(directory: Path, name: str, script: str) -> dict[str, str]:
    """An environment in which `name` is a script, with $real for what it stands in front of."""
    programs = directory / "bin"
    programs.mkdir()
    (programs / name).write_text(f"#!/bin/bash\nreal={shutil.which(name)}\n{script}\n")
    (programs / name).chmod(0o755)
    return {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(directory / "cache")}


@pytest.mark.parametrize(
    "script",
    [
        "case $* in *rvv_ta_all_1s*) echo \"Property 'rv64-riscv-cpu.rvv_ta_all_1s' not found\" >&2; exit 1;; esac\n"
        'exec "$real" "$@"',
        'exec "$real" "${@/,rvv_ta_all_1s=true/}"',
    ],
    ids=["refuses", "ignores"],
)
def test_an_emulator_without_a_hostile_property_is_told(tmp_path: Path, script: str) -> None:
    environment = path_with(tmp_path, "qemu-riscv64", script)
    arguments = ("run", "sum_f32/rvv", "--svl", "128", *SHORT, "--build", "hostile", "--size", "9")
    command = [sys.executable, "-m", "harness", *arguments, "--json", "r.json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    said = ran(done, tmp_path / "r.json")
    assert "Hostile builds on rvv run without rvv_ta_all_1s" in done.stdout
    for job in said["jobs"]:
        assert "rvv_ta_all_1s" in job["emulator"]["lacks"]
        assert "rvv_ma_all_1s" not in job["emulator"]["lacks"]


def test_a_compiler_without_the_intrinsics_is_unavailable_not_a_build_error(tmp_path: Path) -> None:
    refusal = 'case $* in *riscv_vector.h*) echo "fatal error: riscv_vector.h: No such file" >&2; exit 1;; esac'
    environment = path_with(tmp_path, "riscv64-linux-gnu-gcc", f'{refusal}\nexec "$real" "$@"')
    command = [sys.executable, "-m", "harness", "run", "sum_f32/rvv", "--svl", "128", "--cc", "gcc", "--opt", "O2"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "riscv_vector.h" in done.stdout
    assert "needs gcc 14 or clang 17" in done.stdout
    assert "BUILD_ERROR" not in done.stdout
