"""Failures that a manifest expects, and kernels that pass in spite of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import Harness

MANIFEST = """[[kernel]]
op = "rms_norm_f32"
isa = "sve"
sources = ["kernel.c"]
symbol = "kernel"
expected = {outcome = "MISMATCH", reason = "it is known", on = [256, "sve"]}
"""
KERNELS = Path(__file__).parents[2] / "csrc" / "kernels" / "rms_norm_f32"
ONE = ("--cc", "gcc", "--opt", "O2", "--build", "plain", "--suite", "boundary")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "harness.toml").write_text(MANIFEST)
    kernel = (KERNELS / "sve.c").read_text().replace("rms_norm_f32_sve", "right")
    # Wrong at 256 bits only.
    wrong = (
        "\nvoid kernel(float *row, size_t len, float eps) {\n    right(row, len, svcntb() == 32 ? eps + 1 : eps);\n}\n"
    )
    (tmp_path / "kernel.c").write_text(kernel + wrong)
    return tmp_path


def outcomes(project: Path) -> Counter[tuple[str, int]]:
    verdicts = json.loads((project / "r.json").read_text())["verdicts"]
    return Counter((row["outcome"], row["vector_bits"]) for row in verdicts)


def test_an_expected_failure_fails_no_run(harness: Harness, project: Path) -> None:
    done = harness("run", "--json", "r.json", "--junit", "r.xml", "--svl", "128,256", *ONE, cwd=project)
    assert done.returncode == 0, done.stdout
    found = outcomes(project)
    assert found["PASS", 128] == 100
    assert found["EXPECTED_FAILURE", 256] > 90
    assert found["EXPECTED_FAILURE", 256] + found["PASS", 256] == 100
    count = found["EXPECTED_FAILURE", 256]
    assert f"Expected failures of rms_norm_f32/sve: {count} x MISMATCH: it is known" in done.stdout
    assert f"cases passed, {count} failed as expected" in done.stdout
    assert "<failure" not in (project / "r.xml").read_text()
    assert harness("report", "last", cwd=project).returncode == 0


@pytest.mark.parametrize(("old", "new"), [("MISMATCH", "CRASH"), ("[256, ", "[512, "), ('"sve"]', '"a64fx"]')])
def test_what_is_not_expected_fails_the_run(harness: Harness, project: Path, old: str, new: str) -> None:
    (project / "harness.toml").write_text(MANIFEST.replace(old, new))
    done = harness("run", "--json", "r.json", "--svl", "256", *ONE, cwd=project)
    assert done.returncode == 1, done.stdout
    assert "EXPECTED_FAILURE" not in done.stdout
    assert outcomes(project)["MISMATCH", 256] > 90


def test_an_unexpected_pass_is_told_and_fails_the_run(harness: Harness, project: Path) -> None:
    (project / "harness.toml").write_text(MANIFEST.replace("[256, ", "[128, 256, "))
    done = harness("run", "--json", "r.json", "--svl", "128,256", *ONE, cwd=project)
    assert done.returncode == 1, done.stdout
    found = outcomes(project)
    assert (found["UNEXPECTED_PASS", 128], found["UNEXPECTED_PASS", 256], found["PASS", 128]) == (1, 0, 100)
    assert "UNEXPECTED_PASS  rms_norm_f32/sve on sve at 128 bits" in done.stdout
    assert "MISMATCH was expected (it is known), and all cases passed" in done.stdout
