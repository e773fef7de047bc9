"""What a failure of a hostile build comes of: found out by running it again, and told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Harness, ManifestOf
from tests.kernels import ROOT

ARGUMENT = "fails only with poison above the argument {}"
CAUSES = {
    "sum_f32/scalar_reads_int_as_size_t": ("gcc", ARGUMENT.format("len (int)")),
    "sum_f32/sve_reads_int_as_size_t": ("gcc", ARGUMENT.format("len (int)")),
    "rms_norm_f32/avx2_scalar_assumed_zero_above": ("gcc", ARGUMENT.format("eps (float)")),
    "rms_norm_f32/sve_scalar_assumed_zero_above": ("gcc", ARGUMENT.format("eps (float)")),
    "sum_f32/avx2_undefined_upper_half": ("gcc", "fails only with poison in undefined lanes"),
    "rms_norm_f32/sve_founding_tail": ("gcc", "fails only with poison in undefined lanes"),
    "sum_f32/rvv_undefined_accumulator": ("clang", "fails only with poison in undefined lanes"),
    "sum_f32/scalar_trusts_errno": (
        "gcc",
        "fails only with poison beside buffers, in an output before the call, or in errno",
    ),
    "sum_f32/scalar_trusts_fresh_heap": ("gcc", "fails only with poison in fresh heap and the deeper stack"),
    "sum_f32/neon_trusts_sticky_flags": ("gcc", "fails only with poison in registers and on the stack at entry"),
    "sum_f32/rvv_tail_agnostic_sum": ("clang", "fails only with poison in agnostic tail lanes"),
    "sum_f32/rvv_mask_agnostic_sum": ("clang", "fails only with poison in agnostic masked-off lanes"),
    "sum_f32/sve_sum_x_tail": ("gcc", "fails only with poison in undefined lanes"),
}
"""By kernel: the compiler, and what must be told of its failures."""


def details(harness: Harness, manifest: Path, folder: Path, kernel: str, compiler: str) -> list[tuple[str, str]]:
    """What is told of each failure, and its source line."""
    how = ("--config", manifest, "--cc", compiler, "--opt", "O2", "--build", "hostile", "--svl", "256")
    done = harness("run", kernel, *how, "--suite", "boundary,residues", "--json", "r.json", "--timeout", "1")
    assert done.returncode == 1, done.stdout + done.stderr
    rows = json.loads((folder / "r.json").read_text())["verdicts"]
    return [(row["detail"], row["source_line"]) for row in rows if row["outcome"] in ("MISMATCH", "OUT_OF_BOUNDS")]


@pytest.mark.parametrize("kernel", CAUSES)
def test_the_one_thing_that_makes_a_case_fail_is_named(
    harness: Harness, manifest_of: ManifestOf, tmp_path: Path, kernel: str
) -> None:
    compiler, text = CAUSES[kernel]
    found = details(harness, manifest_of("must_fail"), tmp_path, kernel, compiler)
    assert found
    assert all(text in detail for detail, _ in found)
    others = {other for _, other in CAUSES.values()} - {text}
    assert not [detail for detail, _ in found for other in others if other in detail]


@pytest.mark.parametrize("kernel", ["rms_norm_f32/sve_dropped_tail", "sum_f32/rvv_adds_four_lanes"])
def test_of_a_failure_without_poison_no_cause_is_named(
    harness: Harness, manifest_of: ManifestOf, tmp_path: Path, kernel: str
) -> None:
    found = details(harness, manifest_of("must_fail"), tmp_path, kernel, "clang")
    assert found
    assert not [detail for detail, _ in found if "only " in detail]


def test_of_an_agnostic_lane_the_instruction_its_policy_and_the_remedy_are_told(
    harness: Harness, manifest_of: ManifestOf, tmp_path: Path
) -> None:
    source = (ROOT / "must_fail" / "rvv_tail_agnostic_sum.c").read_text()
    line = source[: source.index("sums = __riscv_vfadd")].count("\n") + 1
    for detail, backend in details(
        harness, manifest_of("must_fail"), tmp_path, "sum_f32/rvv_tail_agnostic_sum", "clang"
    ):
        assert f"at rvv_tail_agnostic_sum.c:{line} is under 'vsetvli " in detail
        assert ",ta,ma'; " in detail
        assert "'vfadd.vv v" in detail
        assert "use __riscv_vfadd_vv_f32m4_tu, whose first vector supplies them" in detail
        assert backend == f"rvv_tail_agnostic_sum.c:{line}"


def test_intrinsics_are_not_blamed_where_lanes_are_not_the_cause(
    harness: Harness, manifest_of: ManifestOf, tmp_path: Path
) -> None:
    found = details(harness, manifest_of("must_fail"), tmp_path, "rms_norm_f32/sve_scalar_assumed_zero_above", "gcc")
    assert "svmul_f32_x" in (ROOT / "must_fail" / "sve_scalar_assumed_zero_above.c").read_text()
    assert not [detail for detail, _ in found if "svmul_f32_x" in detail]
