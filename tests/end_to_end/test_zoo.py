"""Kernels that must fail do, each with its outcome and where it must show. csrc/broken/expected.toml says what.

Each is run at two of the five widths, by turns, and at those that its row speaks of; `--whole-zoo` runs all five.
"""

from __future__ import annotations

import json
import shlex
import tomllib
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Harness

BROKEN = Path(__file__).parents[2] / "csrc" / "broken"
WIDTHS = (128, 256, 512, 1024, 2048)
PAIRS = tuple(combinations(WIDTHS, 2))
WORST_FIRST = ("HARNESS_ERROR", "CRASH", "TIMEOUT", "OUT_OF_BOUNDS", "STATE", "MISMATCH", "UNAVAILABLE", "PASS")


def expectations() -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = tomllib.loads((BROKEN / "expected.toml").read_text())["expect"]
    return table


def test_every_broken_kernel_has_an_expectation() -> None:
    manifest = tomllib.loads((BROKEN / "harness.toml").read_text())
    kernels = [f"{kernel['op']}/{kernel.get('name', kernel['isa'])}" for kernel in manifest["kernel"]]
    expected = [row["kernel"] for row in expectations()]
    assert sorted(kernels) == sorted(expected)
    assert len(kernels) >= 40
    sources = {source for kernel in manifest["kernel"] for source in kernel["sources"]}
    assert sources == {path.name for path in BROKEN.glob("*.[cS]")}


def widths_of(row: dict[str, Any], rank: int, *, whole: bool) -> tuple[int, ...]:
    """The widths to run a kernel at: all, or a pair by turns, and one where it must show and one where it may not."""
    if whole:
        return WIDTHS
    told = (*row.get("vector_bits", ())[:1], *row.get("passes_at", ())[:1])
    return tuple(sorted({*PAIRS[rank % len(PAIRS)], *told}))


def test_the_pairs_of_widths_take_turns() -> None:
    seen = {widths_of({}, rank, whole=False) for rank in range(len(expectations()))}
    assert seen == set(PAIRS)
    assert widths_of({"vector_bits": [384, 512], "passes_at": [256]}, 0, whole=False) == (128, 256, 384)


@pytest.mark.parametrize(("rank", "row"), [*enumerate(expectations())], ids=[row["kernel"] for row in expectations()])
def test_a_broken_kernel_gets_its_outcome(
    harness: Harness, tmp_path: Path, rank: int, row: dict[str, Any], pytestconfig: pytest.Config
) -> None:
    report = tmp_path / "record.json"
    needs = [word for need in row.get("needs", ()) if need.startswith("--") for word in shlex.split(need)]
    for target in set(row.get("targets", ())) - {"gate"}:  # a core model that a run of one build leaves out
        needs += ["--require", target]
    widths = widths_of(row, rank, whole=pytestconfig.getoption("--whole-zoo"))
    if "--svl" not in needs:
        needs += ["--svl", ",".join(map(str, widths))]
    build = ["--cc", row.get("cc", "gcc"), "--opt", "O2"]
    how = [*build, "--timeout", "1", "--budget", "0"]
    command = ["run", row["kernel"], "--config", BROKEN / "harness.toml", *how, *needs]
    if "emulators" in row and "docker" in pytestconfig.getoption("--require"):
        command += ["--in", "docker", "--suite", "residues"]  # which has one of them; it is slow
    done = harness(*command, "--json", report)
    assert report.exists(), done.stderr
    record = json.loads(report.read_text())
    verdicts = record["verdicts"]
    jobs = by_job(verdicts)
    if not jobs and "emulators" in row and "--in" not in command:
        pytest.skip(verdicts[0]["detail"])
    shown = 0
    for (target, bits, variant), seen in jobs.items():
        must_pass = must_pass_at(row, target, bits, variant)
        where = f"{row['kernel']} on {target} at {bits} bits, {variant}: {dict(seen)}"
        if must_pass:
            assert set(seen) == {"PASS"}, where
        elif may_show_at(row, target, bits, variant):
            assert worst(seen) == row["outcome"], where
            shown += 1
    assert shown, f"{row['kernel']} was seen nowhere: {list(jobs)}"
    assert done.returncode == 1, done.stderr
    rules = [cause["rule"] for cause in record["causes"]]
    assert len(rules) == row.get("causes", 1), f"{row['kernel']} has one fault, and is reported as {rules}"
    assert row.get("rule", "") in rules[0]
    assert row.get("rule", "") in done.stdout


def must_pass_at(row: dict[str, Any], target: str, bits: int | None, variant: str) -> bool:
    return bits in row.get("passes_at", ()) or variant in row.get("passes_in", ()) or target in row.get("passes_on", ())


def may_show_at(row: dict[str, Any], target: str, bits: int | None, variant: str) -> bool:
    return (
        bits in row.get("vector_bits", (bits,))
        and variant in row.get("builds", (variant,))
        and target in row.get("targets", (target,))
    )


def by_job(verdicts: list[dict[str, Any]]) -> dict[tuple[str, int | None, str], Counter[str]]:
    """Count outcomes per job, that of the call without the ISA under "gate"; what could not run here is left out."""
    jobs: dict[tuple[str, int | None, str], Counter[str]] = {}
    for verdict in verdicts:
        if verdict["case"] is None and verdict["outcome"] in ("UNAVAILABLE", "NOT_APPLICABLE"):
            continue
        target = "gate" if verdict["suite"] == "gate" else verdict["target"]
        variant = verdict["build"].split()[-1]
        jobs.setdefault((target, verdict["vector_bits"], variant), Counter())[verdict["outcome"]] += 1
    return jobs


def worst(seen: Counter[str]) -> str:
    return next(outcome for outcome in WORST_FIRST if seen[outcome])
