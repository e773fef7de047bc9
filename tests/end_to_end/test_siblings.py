"""Correct kernels that look suspicious are accused of nothing, in any build, at any width."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import Harness

SIBLINGS = Path(__file__).parents[2] / "csrc" / "siblings"


def kernels() -> list[str]:
    manifest = tomllib.loads((SIBLINGS / "harness.toml").read_text())
    return [f"{kernel['op']}/{kernel.get('name', kernel['isa'])}" for kernel in manifest["kernel"]]


@pytest.mark.parametrize("kernel", kernels())
def test_a_correct_sibling_is_accused_of_nothing(harness: Harness, tmp_path: Path, kernel: str) -> None:
    record = tmp_path / "record.json"
    done = harness("run", kernel, "--config", SIBLINGS / "harness.toml", "--svl", "128,512,2048", "--json", record)
    outcomes = Counter(row["outcome"] for row in json.loads(record.read_text())["verdicts"])
    assert set(outcomes) <= {"PASS", "UNAVAILABLE", "NOT_APPLICABLE"}, done.stdout
    assert outcomes["PASS"], done.stdout
