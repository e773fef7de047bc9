"""Kernels that must fail do, each with its outcome and where it must show. The header of each says what.

Each is run at two of the five widths, by turns, and at those that its header speaks of; `--all-widths` runs all five.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Harness, ManifestOf
from tests.kernels import PAIRS, ROOT, WIDTHS, Expectation, KnownKernel, kernels_in, pair_of_widths, write_manifest

KERNELS = kernels_in(ROOT / "must_fail")
GUIDE = ROOT.parents[1] / "docs" / "test-kernels.md"
EVERYWHERE = (128, 256, 512, 1024)
"""Widths that every release of QEMU has for SVE and RVV: 7.2 has no RVV of 2048 bits."""
WORST_FIRST = ("HARNESS_ERROR", "CRASH", "TIMEOUT", "OUT_OF_BOUNDS", "STATE", "MISMATCH", "UNAVAILABLE", "PASS")


def test_every_known_bad_kernel_is_expected_to_fail() -> None:
    assert len(KERNELS) >= 194
    faults = {"MISMATCH", "OUT_OF_BOUNDS", "STATE", "CRASH", "TIMEOUT"}
    assert not [kernel.id for kernel in KERNELS if not faults.issuperset(kernel.expected.outcomes)]


def widths_of(expected: Expectation, pair: tuple[int, ...]) -> tuple[int, ...]:
    """The widths to run a kernel at: a pair, and one where it must show and one where it may not."""
    chosen = {*pair, *expected.vector_bits[:1], *expected.passes_at[:1]}
    if all(bits in expected.passes_at or bits > EVERYWHERE[-1] for bits in chosen):
        chosen.add(next(bits for bits in EVERYWHERE if bits not in expected.passes_at))
    return tuple(sorted(chosen))


def test_the_pairs_of_widths_take_turns() -> None:
    assert {pair_of_widths("sum_f32/sve", rank) for rank in range(len(KERNELS))} == set(PAIRS)
    assert {pair_of_widths("sum_f32/sme", rank) for rank in range(len(KERNELS))} == set(combinations(EVERYWHERE, 2))
    anywhere = next(kernel.expected for kernel in KERNELS if not kernel.expected.vector_bits)
    assert all(widths_of(anywhere, pair) == pair for pair in PAIRS)
    narrow = next(kernel.expected for kernel in KERNELS if kernel.expected.vector_bits == (384,))
    assert widths_of(narrow, (256, 512)) == (128, 256, 384, 512)
    right_at_128 = next(kernel.expected for kernel in KERNELS if kernel.expected.passes_at == (128,))
    assert widths_of(right_at_128, (128, 2048)) == (128, 256, 2048)


@pytest.mark.parametrize(("rank", "kernel"), [*enumerate(KERNELS)], ids=[kernel.id for kernel in KERNELS])
def test_a_known_bad_kernel_gets_its_outcome(
    harness: Harness,
    tmp_path: Path,
    manifest_of: ManifestOf,
    rank: int,
    kernel: KnownKernel,
    pytestconfig: pytest.Config,
) -> None:
    report, expected = tmp_path / "record.json", kernel.expected
    options = [*expected.options]
    for target in set(expected.targets) - {"gate"}:  # a core model that a run of one build leaves out
        options += ["--require", target]
    if "--svl" not in options:
        every = pytestconfig.getoption("--all-widths")
        widths = WIDTHS if every else widths_of(expected, pair_of_widths(kernel.id, rank))
        options += ["--svl", ",".join(map(str, widths))]
    how = ["--cc", expected.cc, "--opt", "O2", "--timeout", "1", "--budget", "0"]
    command = ["run", kernel.id, "--config", manifest_of("must_fail"), *how, *options]
    if expected.emulators and "docker" in pytestconfig.getoption("--require"):
        command += ["--in", "docker", "--suite", "residues"]  # which has one of them; it is slow
    done = harness(*command, "--json", report)
    assert report.exists(), done.stderr
    record = json.loads(report.read_text())
    jobs = by_job(record["verdicts"])
    if not jobs and expected.emulators and "--in" not in command:
        pytest.skip(record["verdicts"][0]["detail"])
    shown = 0
    for (target, bits, variant), seen in jobs.items():
        where = f"{kernel.id} on {target} at {bits} bits, {variant}: {dict(seen)}"
        if must_pass_at(expected, target, bits, variant):
            assert set(seen) == {"PASS"}, where
        elif may_show_at(expected, target, bits, variant):
            assert worst(seen) in expected.outcomes, where
            shown += 1
    assert shown, f"{kernel.id} was seen nowhere: {list(jobs)}"
    assert done.returncode == 1, done.stderr
    rules = [cause["rule"] for cause in record["causes"]]
    assert len(rules) == 1, f"{kernel.id} has one fault, and is reported as {rules}"
    assert expected.rule in rules[0]
    assert expected.rule in done.stdout


def test_the_kernel_of_the_guide_is_one_file_and_fails_as_it_says(harness: Harness, tmp_path: Path) -> None:
    (source,) = re.findall(r"(?ms)^```c\n(.*?)^```", GUIDE.read_text())
    (tmp_path / "scalar_starts_at_one.c").write_text(source)
    kernels = kernels_in(tmp_path)
    manifest = write_manifest(kernels, tmp_path / "project")
    assert "sum_f32/scalar_starts_at_one" in harness("list", "--config", manifest).stdout
    how = ("--cc", "gcc", "--opt", "O2", "--build", "plain", "--suite", "boundary", "--budget", "0")
    done = harness("run", "--config", manifest, *how, "--json", "record.json")
    assert done.returncode == 1, done.stderr
    record = json.loads((tmp_path / "record.json").read_text())
    (seen,) = by_job(record["verdicts"]).values()
    assert worst(seen) in kernels[0].expected.outcomes
    assert kernels[0].expected.rule
    assert kernels[0].expected.rule in record["causes"][0]["rule"]


def must_pass_at(expected: Expectation, target: str, bits: int | None, variant: str) -> bool:
    return bits in expected.passes_at or variant in expected.passes_in or target in expected.passes_on


def may_show_at(expected: Expectation, target: str, bits: int | None, variant: str) -> bool:
    return (
        bits in (expected.vector_bits or (bits,))
        and variant in (expected.builds or (variant,))
        and target in (expected.targets or (target,))
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
