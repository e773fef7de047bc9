"""Kernels that must fail do, each with its outcome and where it must show. csrc/broken/expected.toml says what."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Harness

BROKEN = Path(__file__).parents[2] / "csrc" / "broken"
WIDTHS = "128,256,512,1024,2048"


def expectations() -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = tomllib.loads((BROKEN / "expected.toml").read_text())["expect"]
    return table


def test_every_broken_kernel_has_an_expectation() -> None:
    manifest = tomllib.loads((BROKEN / "harness.toml").read_text())
    kernels = [f"{kernel['op']}/{kernel.get('name', kernel['isa'])}" for kernel in manifest["kernel"]]
    expected = [row["kernel"] for row in expectations()]
    assert sorted(kernels) == sorted(expected)
    assert len(kernels) >= 12
    sources = {source for kernel in manifest["kernel"] for source in kernel["sources"]}
    assert sources == {path.name for path in BROKEN.glob("*.[cS]")}


@pytest.mark.parametrize("row", expectations(), ids=lambda row: row["kernel"])
def test_a_broken_kernel_gets_its_outcome(harness: Harness, tmp_path: Path, row: dict[str, Any]) -> None:
    report = tmp_path / "record.json"
    done = harness(
        "run", row["kernel"], "--config", BROKEN / "harness.toml", "--svl", WIDTHS, "--json", report, "--timeout", "1"
    )
    verdicts = json.loads(report.read_text())["verdicts"]
    for (bits, build), seen in by_job(verdicts).items():
        must_pass = bits in row.get("passes_at", ()) or build in row.get("passes_in", ())
        must_show = bits in row.get("vector_bits", (bits,)) and build in row.get("builds", (build,)) and not must_pass
        where = f"{row['kernel']} at {bits} bits, {build}: {dict(seen)}"
        if must_show:
            assert worst_fault(seen) == row["outcome"], where
        if must_pass:
            assert set(seen) == {"PASS"}, where
    assert done.returncode == 1, done.stderr


def by_job(verdicts: list[dict[str, Any]]) -> dict[tuple[int | None, str], Counter[str]]:
    jobs: dict[tuple[int | None, str], Counter[str]] = {}
    for verdict in verdicts:
        variant = verdict["build"].split()[-1]
        jobs.setdefault((verdict["vector_bits"], variant), Counter())[verdict["outcome"]] += 1
    return jobs


def worst_fault(seen: Counter[str]) -> str:
    order = ["HARNESS_ERROR", "CRASH", "TIMEOUT", "OUT_OF_BOUNDS", "STATE", "MISMATCH", "UNAVAILABLE", "PASS"]
    return next(outcome for outcome in order if seen[outcome])
