"""Kernels on vectors, and kernels that a user's adapter calls: right ones pass, planted faults are found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Harness

PROJECTS = Path(__file__).parents[1] / "projects"
ONE_COMPILER = ("--cc", "gcc", "--opt", "O2")


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of one of the projects."""
    copy = tmp_path / str(request.param)
    shutil.copytree(PROJECTS / copy.name, copy)
    return copy


def ran(harness: Harness, project: Path, *arguments: str, returncode: int = 0) -> list[dict[str, Any]]:
    """Run a project; return its verdicts."""
    done = harness("run", "--json", "r.json", *arguments, cwd=project)
    assert done.returncode == returncode, done.stdout + done.stderr
    verdicts: list[dict[str, Any]] = json.loads((project / "r.json").read_text())["verdicts"]
    return verdicts


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def failures(verdicts: list[dict[str, Any]], variant: str) -> dict[str, str]:
    """Outcome and detail of the cases that failed in a build variant, by case."""
    return {
        v["case"]: f"{v['outcome']} {v['detail']}"
        for v in verdicts
        if v["outcome"] not in ("PASS", "UNAVAILABLE", "NOT_APPLICABLE") and v["build"].endswith(variant)
    }


@pytest.mark.parametrize("project", ["sve_math_function"], indirect=True)
def test_an_sve_function_passes_at_every_width(harness: Harness, project: Path) -> None:
    verdicts = ran(harness, project, "--opt", "O2", "--svl", "128,256,512")
    assert {v["outcome"] for v in verdicts} == {"PASS"}
    assert {v["attested_vector_bits"] for v in verdicts} == {128, 256, 512}
    assert {v["build"] for v in verdicts} == {f"{c} O2 {v}" for c in ("gcc", "clang") for v in ("plain", "hostile")}


SVE_BODY = "    return svdiv_f32_x(pg"
OTHERS_TURN_ALL = """
    if (svptest_any(svptrue_b32(), svacgt_n_f32(svptrue_b32(), x, 1e6f)))
        return svdup_f32(1.0f);
"""
# In all but the last call: at 8 lanes, rows of more than 8 elements have one.
IN_FULL_VECTORS = "    if (!svptest_any(svptrue_b32(), svnot_b_z(svptrue_b32(), pg)))\n        __asm__ volatile({0});\n"
LEADING = "    pg = svwhilelt_b32_u64(0, svcntp_b32(svptrue_b32(), pg));\n    return svdiv_f32_m(pg"
FIRST = "    pg = svwhilelt_b32_u64(0, svcntw() - 1);\n    return svdiv_f32_m(pg"


@pytest.mark.parametrize(
    ("body", "plain", "hostile"),
    [
        pytest.param(OTHERS_TURN_ALL + SVE_BODY, {}, {"n3": "depends on undefined values"}, id="looks-at-other-lanes"),
        pytest.param(LEADING, {"n3": "MISMATCH", "n16": "MISMATCH"}, {"n16": "MISMATCH"}, id="takes-lanes-for-leading"),
        pytest.param(FIRST, {"n8": "MISMATCH"}, {"n8": "MISMATCH"}, id="drops-a-lane"),
        pytest.param(
            # d8, the part that the base standard preserves, is as it was
            IN_FULL_VECTORS.format('"fmov x9, d8; mov z8.d, x9; fmov d8, x9" ::: "x9"') + SVE_BODY,
            {"n9": "STATE z8 changed"},
            {"n9": "STATE z8 changed", "n16": "STATE z8 changed"},
            id="clobbers-z8",
        ),
        pytest.param(
            IN_FULL_VECTORS.format('"ptrue p4.h"') + SVE_BODY,
            {"n9": "STATE p4 changed"},
            {"n9": "STATE p4 changed"},
            id="clobbers-p4",
        ),
    ],
)
@pytest.mark.parametrize("project", ["sve_math_function"], indirect=True)
def test_a_fault_of_an_sve_function_is_found(
    harness: Harness, project: Path, body: str, plain: dict[str, str], hostile: dict[str, str]
) -> None:
    replace_in(project / "soft_sign.c", SVE_BODY, body)
    verdicts = ran(harness, project, *ONE_COMPILER, "--svl", "256", returncode=1)
    for variant, due in (("plain", plain), ("hostile", hostile)):
        found = failures(verdicts, variant)
        assert bool(found) == bool(due), found
        for case, what in due.items():
            assert what in found[case]
    state = {case for case, what in failures(verdicts, "plain").items() if what.startswith("STATE")}
    assert not state & {f"n{size}" for size in range(8)}, "only full vectors do it"


@pytest.mark.parametrize("project", ["vector_functions"], indirect=True)
def test_vectors_of_fixed_length_pass(harness: Harness, project: Path) -> None:
    verdicts = ran(harness, project, "*/neon_*", "*mm", *ONE_COMPILER)
    verdicts += ran(harness, project, "*/neon_q", "*/ymm", "--cc", "clang", "--opt", "O2", "--build", "hostile")
    assert {v["outcome"] for v in verdicts} <= {"PASS", "UNAVAILABLE", "NOT_APPLICABLE"}
    passed = {(v["kernel"].partition("/")[2], v["build"]) for v in verdicts if v["outcome"] == "PASS"}
    due = {(name, f"gcc O2 {v}") for name in ("neon_q", "neon_d", "xmm", "ymm") for v in ("plain", "hostile")}
    assert (
        due | {("neon_vpcs", "gcc O2 hostile"), ("neon_q", "clang O2 hostile"), ("ymm", "clang O2 hostile")} <= passed
    )


@pytest.mark.parametrize("project", ["vector_functions"], indirect=True)
def test_groups_of_rvv_registers_pass(harness: Harness, project: Path) -> None:
    verdicts = ran(harness, project, "*/m?", "--cc", "clang", "--opt", "O2", "--svl", "128,512")
    passed = {(v["kernel"], v["vector_bits"], v["build"]) for v in verdicts if v["outcome"] == "PASS"}
    assert {v["outcome"] for v in verdicts} == {"PASS"}
    assert len(passed) == 2 * 2 * 2


# Where any lane is large, all of them go another way.
NEON_ANY = "    if (vmaxvq_f32(vabsq_f32(x)) > 1e6f)\n        return vdupq_n_f32(1.0f);\n"
RVV_ANY = """
    const size_t all = __riscv_vsetvlmax_e32m2();
    const vbool16_t large = __riscv_vmfgt_vf_f32m2_b16(__riscv_vfabs_v_f32m2(x, all), 1e6f, all);
    if (__riscv_vfirst_m_b16(large, all) >= 0)
        return x;
"""
XMM_ABOVE = '    __asm__("vextractf128 $1, %%ymm0, %0" : "=x"(x));\n'
VECTOR_FAULTS = {
    "neon_vpcs": ("neon.c", "_vpcs(float32x4_t x) {\n", '    __asm__("movi v16.16b, #1");\n', "STATE q16 changed"),
    "neon_q": ("neon.c", "_q(float32x4_t x) {\n", NEON_ANY, "depends on undefined values"),
    "neon_d": ("neon.c", "_d(float32x2_t x) {\n", "    x = vdup_lane_f32(x, 0);\n", "MISMATCH"),
    "xmm": ("x86.c", "_xmm(__m128 x) {\n", XMM_ABOVE, "depends on undefined values"),
    "ymm": ("x86.c", "_ymm(__m256 x) {\n", "    x = _mm256_permute2f128_ps(x, x, 0);\n", "MISMATCH"),
    "m1": ("rvv.c", "_m1(vfloat32m1_t x, size_t vl) {\n", '    __asm__("vmv.v.i v24, 1");\n', "STATE v24 changed"),
    "m2": ("rvv.c", "_m2(vfloat32m2_t x, size_t vl) {\n", RVV_ANY, "depends on undefined values"),
}  # fmt: skip
"""By kernel: the file, what to put behind which text, and what a hostile build must tell."""


@pytest.mark.parametrize("kernel", VECTOR_FAULTS)
@pytest.mark.parametrize("project", ["vector_functions"], indirect=True)
def test_a_fault_of_a_vector_function_is_found(harness: Harness, project: Path, kernel: str) -> None:
    file, start, fault, what = VECTOR_FAULTS[kernel]
    replace_in(project / file, start, start + fault)
    one = ("--cc", "clang" if file == "rvv.c" else "gcc", "--opt", "O2", "--build", "hostile", "--svl", "128")
    verdicts = ran(harness, project, f"soft_sign_f32/{kernel}", *one, returncode=1)
    assert any(what in found for found in failures(verdicts, "hostile").values())


@pytest.mark.parametrize("project", ["vector_functions"], indirect=True)
def test_a_waiver_leaves_lanes_beside_the_row_without_poison(harness: Harness, project: Path) -> None:
    replace_in(project / "neon.c", "_q(float32x4_t x) {\n", "_q(float32x4_t x) {\n" + NEON_ANY)
    start = 'name = "neon_q"\n'
    replace_in(project / "harness.toml", start, start + 'waived = { lanes = "one way for all" }\n')
    verdicts = ran(harness, project, "*/neon_q", *ONE_COMPILER, "--build", "hostile", "--target", "neon")
    assert {v["outcome"] for v in verdicts} == {"PASS"}


@pytest.mark.parametrize("project", ["fused_operations"], indirect=True)
def test_a_users_adapter_passes(harness: Harness, project: Path) -> None:
    verdicts = ran(harness, project, "--opt", "O2", "--build", "hostile", "--target", "neon")
    assert {v["outcome"] for v in verdicts} == {"PASS"}
    assert {v["build"] for v in verdicts} == {"gcc O2 hostile", "clang O2 hostile"}


ENTRY = "void *context) {\n"
ADAPTER_FAULTS = {
    "STATE x20 changed": ("fused.c", ENTRY, ENTRY + '    __asm__ volatile("mov x20, #1");\n'),
    "OUT_OF_BOUNDS": ("fused.c", "i < tile.length; i++", "i <= tile.length; i++"),
    "MISMATCH": ("fused.c", "vmaxq_f32(x, operand)", "x"),
    "names a function that is not the kernel": ("glue.c", "CALL(fused_f32)", "CALL(*(__typeof__(&fused_f32))note)"),
    "BUILD_ERROR": ("glue.c", "float scale, float shift", "double scale, float shift"),
}
"""By what must be told: the file, and what to write instead of what."""


@pytest.mark.parametrize("what", ADAPTER_FAULTS)
@pytest.mark.parametrize("project", ["fused_operations"], indirect=True)
def test_a_fault_behind_a_users_adapter_is_found(harness: Harness, project: Path, what: str) -> None:
    file, old, new = ADAPTER_FAULTS[what]
    replace_in(project / file, old, new)
    code = 2 if "the kernel" in what else 1  # a CONTRACT_ERROR: the adapter is part of what the kernel is held against
    verdicts = ran(harness, project, *ONE_COMPILER, "--build", "plain", "--target", "neon", returncode=code)
    assert any(what in found for found in failures(verdicts, "plain").values())


@pytest.mark.docker
@pytest.mark.parametrize("project", ["fused_operations", "sve_math_function"], indirect=True)
def test_adapters_travel_into_containers(harness: Harness, project: Path) -> None:
    verdicts = ran(harness, project, "--in", "docker", *ONE_COMPILER, "--build", "plain", "--svl", "128")
    assert {v["outcome"] for v in verdicts} <= {"PASS", "NOT_APPLICABLE"}
    assert "PASS" in {v["outcome"] for v in verdicts}
