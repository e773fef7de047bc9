"""What a run says of what failed: each fault once, by the case that teaches, with its rule; and the same afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Harness, ManifestOf

CONTRACT = """
from harness.contract import every, exact, op

inverted = op(
    "void inverted(uint32_t *y, const uint32_t *x, size_t n)",
    inputs="x[n]",
    outputs="y[n]",
    reference=lambda x: 4294967295 - x,
    tolerance=exact(),
    suites={"short": every(0, 40)},
)
"""
KERNEL = """
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

void inverted(uint32_t *y, const uint32_t *x, size_t n) {
    const __m256i ones = _mm256_set1_epi32(-1);
    size_t i = 0;
    for (; n - i >= 8; i += 8)
        _mm256_storeu_si256((__m256i *)(y + i), _mm256_xor_si256(ones, _mm256_loadu_si256((const __m256i *)(x + i))));
    for (; i < n; i++)
        y[i] = i + 1 == n ? x[i] : ~x[i];
}
"""
MANIFEST = """
contracts = ["contract.py"]

[[kernel]]
op = "inverted"
isa = "avx2"
sources = ["inverted.c"]
symbol = "inverted"
"""


class Reported:
    """A run of one known-bad kernel: what was printed, and the record."""

    def __init__(self, harness: Harness, manifest: Path, directory: Path, kernel: str, *options: str) -> None:
        report = directory / "record.json"
        done = harness("run", kernel, "--config", manifest, *options, "--json", report)
        assert done.returncode == 1, done.stderr
        self.text = done.stdout
        self.record: dict[str, Any] = json.loads(report.read_text())

    @property
    def blocks(self) -> list[str]:
        """The failures, one text for each that is found."""
        return self.text.split("Failures, worst first:\n")[1].rsplit("\n\n", 1)[0].split("\n\n")


@pytest.fixture
def reported(harness: Harness, manifest_of: ManifestOf, tmp_path: Path) -> Callable[..., Reported]:
    """A run of one known-bad kernel: `reported("op/name", "--cc", "gcc")`."""
    return partial(Reported, harness, manifest_of("must_fail"), tmp_path)


def test_builds_differ_where_the_outcome_of_a_case_does(reported: Callable[..., Reported]) -> None:
    """In whole rows of cases, failing ones stand beside passing ones in every build; case by case one build differs."""
    found = reported("sum_f32/avx2_right_without_gcc_O2", "--budget", "0")
    failing, passing = "gcc O2 plain, gcc O2 hostile", "6 builds"
    assert (
        f"Builds of one source differ (undefined lanes or behaviour):\n  {found.record['causes'][0]['kernel']}"
        in found.text
    )
    assert f"on avx2 at 256 bits: fails as {failing}; passes as {passing} (31 cases, such as " in found.text
    (one,) = found.record["disagreements"]
    assert one["outcomes"].keys() == {"MISMATCH", "PASS"}
    failed = {f"{row['suite']}/{row['case']}" for row in found.record["verdicts"] if row["outcome"] == "MISMATCH"}
    assert set(one["cases"]) == failed
    (cause,) = found.record["causes"]
    assert cause["rule"] == "ordinary rows fail exactly as gcc O2, where len % 2 is 1 and len < 2 vectors (8 lanes)"


def test_builds_that_fail_alike_do_not_differ(reported: Callable[..., Reported]) -> None:
    found = reported("sum_f32/neon_horizontal_max", "--budget", "0")
    assert {row["outcome"] for row in found.record["verdicts"]} >= {"MISMATCH", "PASS"}
    assert "Builds of one source" not in found.text
    assert found.record["disagreements"] == []


def test_a_fault_is_told_once_by_the_case_that_teaches(reported: Callable[..., Reported]) -> None:
    """Eight builds, core models and five suites are one block: the smallest ordinary row, made smaller, and drawn."""
    found = reported("axpy_f32/neon_unroll_skips_vector", "--budget", "20")
    (block,) = found.blocks
    lines = [line.strip() for line in block.splitlines()]
    assert len(lines) <= 12
    assert lines[0].startswith("MISMATCH  axpy_f32/neon_unroll_skips_vector on neon at 128 bits (gcc O0 plain) ")
    assert lines[0].endswith("/len4")
    assert "ordinary rows fail exactly where len % (2 * lanes) >= lanes (4 lanes)" in lines
    assert "only elements behind the last whole block of 2 vectors" in lines
    (smallest,) = [line for line in lines if line.startswith("smallest case with the same failure at 128 bits: ")]
    assert "len = 4, a = " in smallest
    assert "x = {" in smallest
    (drawn,) = [line for line in lines if line.startswith("y[0..3]: |")]
    assert drawn.split()[1].count("X") == 1
    (more,) = [line for line in lines if " more failures of this cause" in line]
    assert "in 8 builds" in more
    assert "on neon, a64fx, cortex-a72, neoverse-n1" in more
    (cause,) = found.record["causes"]
    assert cause["smallest"] == [smallest, drawn]
    shown = next(row for row in found.record["verdicts"] if row["id"] == cause["shown"])
    assert (shown["sizes"], shown["inputs"].get("pattern")) == ({"len": 4}, None)


def test_a_special_value_is_shown_only_if_no_ordinary_row_fails(reported: Callable[..., Reported]) -> None:
    found = reported("max_f32/avx2_max_swallows_nan", "--cc", "gcc", "--budget", "0")
    (block,) = found.blocks
    assert "special/len77-nan@0" in block
    assert "fails exactly where an element is NaN" in block


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_line_is_the_kernels_whatever_was_inlined(reported: Callable[..., Reported], compiler: str) -> None:
    """A load and a store by intrinsics, which are functions of the compiler's headers."""
    for kernel in ("rms_norm_f32/neon_reads_before_start", "axpy_f32/avx2_aligned_store"):
        found = reported(kernel, "--cc", compiler, "--build", "plain", "--budget", "0")
        source = f"{kernel.partition('/')[2]}.c:"
        lines = {row["source_line"] for row in found.record["verdicts"] if row["outcome"] in ("CRASH", "OUT_OF_BOUNDS")}
        assert lines
        assert all(line.startswith(source) for line in lines), lines
        assert f" at {source}" in found.text


def test_core_models_stay_where_their_build_does(
    harness: Harness, manifest_of: ManifestOf, reported: Callable[..., Reported]
) -> None:
    """A kernel that two processors lack an instruction of passes everywhere else."""
    found = reported("sum_f32/neon_uses_armv8_1", "--cc", "gcc", "--opt", "O2", "--budget", "0")
    crashed = {row["target"] for row in found.record["verdicts"] if row["outcome"] == "CRASH"}
    assert "cortex-a72" in crashed
    assert found.record["left_out"] == []
    narrowed = ("--cc", "gcc", "--opt", "O2", "--build", "plain")
    done = harness("run", "sum_f32/neon_uses_armv8_1", "--config", manifest_of("must_fail"), *narrowed)
    assert done.returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if "LEFT OUT" in line]
    assert line.startswith("  LEFT OUT  core models ")
    assert line.endswith("(add --build hostile): narrowed by --build")
    assert done.stdout.index("Not checked:") < done.stdout.index(line)


# ---- integers, and runs of before ----------------------------------------------------------------------------------


@pytest.fixture
def integers(tmp_path: Path) -> Path:
    for name, text in (("contract.py", CONTRACT), ("inverted.c", KERNEL), ("harness.toml", MANIFEST)):
        (tmp_path / name).write_text(text)
    return tmp_path


ONE = ("--cc", "gcc", "--opt", "O2", "--build", "plain", "--budget", "20")


def test_integers_are_told_as_integers(harness: Harness, integers: Path) -> None:
    done = harness("run", *ONE, "--json", "record.json", "--html", "page.html", "--markdown", "page.md")
    assert done.returncode == 1, done.stderr
    record = json.loads((integers / "record.json").read_text())
    (cause,) = record["causes"]
    assert cause["rule"].startswith("fails exactly where n % lanes is not 0")
    assert cause["elements"] == "only the last element"
    shown = next(row for row in record["verdicts"] if row["id"] == cause["shown"])
    worst = shown["worst"]
    assert worst["got"] + worst["want"] == 4294967295
    assert f"y[0]: got {worst['got']}, want {worst['want']} exactly" in done.stdout
    assert "n = 1, x = {0}: got 0, want 4294967295" in done.stdout
    for text in (done.stdout, (integers / "page.html").read_text(), (integers / "page.md").read_text()):
        assert "ULP apart" not in text
        assert "np." not in text
        assert "e+09" not in text
    again = harness("replay", cause["shown"])
    assert again.returncode == 1, again.stderr
    assert "not with the numbers of then" not in again.stdout
    assert f"{worst['got']}" in again.stdout
    assert "4294967295" in again.stdout or "e+09" not in again.stdout


def test_a_failure_of_an_earlier_run_is_found_by_its_name(harness: Harness, integers: Path) -> None:
    harness("run", *ONE, "--json", "first.json")
    identity = json.loads((integers / "first.json").read_text())["causes"][0]["shown"]
    (first,) = (integers / ".harness" / "runs").iterdir()
    (integers / "inverted.c").write_text(KERNEL.replace("i + 1 == n ? x[i] : ~x[i]", "~x[i]"))
    assert harness("run", *ONE).returncode == 0
    done = harness("replay", identity)
    assert done.returncode == 0, done.stderr
    assert f"{first.name}/record.json, an earlier run: the last one has no such failure" in done.stdout
    assert "it passes now" in done.stdout
    last = harness("replay", identity, "--run", "last")
    assert last.returncode == 2
    assert f"a failure of the run {first.name} has this id: --run {first.name}" in last.stderr
    nowhere = harness("replay", "aaaaaa")
    assert nowhere.returncode == 2
    assert "no failure 'aaaaaa' in this run" in nowhere.stderr
