"""Shards of one run, merged, are the whole run; what is not that is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.errors import UsageError
from harness.model import Finding, Outcome, Plan, Selection, Shard
from harness.plan import share_of
from harness.report.merging import merge
from harness.report.record import verdict_row
from tests.canonical import canonical
from tests.conftest import Harness
from tests.unit import sample_runs
from tests.unit.samples import bundled_project
from tests.unit.test_plan import planned

KERNELS = ("sum_f32/scalar", "sum_f32/avx2", "max_f32/scalar", "max_f32/avx2")
ONE_BUILD = ("--cc", "gcc", "--opt", "O0,O2", "--build", "plain", "--suite", "residues")


def test_every_job_is_in_one_shard_and_brings_what_it_is_compared_with(tmp_path: Path) -> None:
    plan = planned(bundled_project(), Selection(kernels=("sum_f32/*", "max_f32/*")))
    shares = [share_of(plan, Shard(index, 5)) for index in range(1, 6)]
    assert sorted(rank for share in shares for rank in share.own) == list(range(len(plan.jobs)))
    for share in shares:
        here = {plan.jobs[rank].kernel.id for rank in (*share.own, *share.helpers)}
        assert {f"{plan.jobs[rank].kernel.op}/scalar" for rank in share.own} <= here
        assert not set(share.own) & set(share.helpers)
    dealt = [[plan.jobs[rank] for rank in share.own] for share in shares]
    points = [{(job.kernel.id, job.target.name, job.vector_bits) for job in jobs} for jobs in dealt]
    assert sum(map(len, points)) == len(set.union(*points)), "all builds of a point belong to one shard"


def test_verdicts_on_all_builds_are_told_once_and_in_the_order_of_the_plan() -> None:
    def shard(index: int) -> dict[str, Any]:
        compiler = {"name": "gcc", "version": "14", "triple": "t"}
        job = {"rank": 1 - index, "kernel": f"k{index}", "target": "t", "vector_bits": 128, "build": None}
        job |= {"compiler": compiler}
        whose: dict[str, Any] = {"kernel": f"k{index}", "target": "t", "vector_bits": 128, "build": None}
        too_good = Finding(Outcome.UNEXPECTED_PASS, "take 'expected' out")
        rows = [
            verdict_row(sample_runs.passed(**whose), 1 - index),
            verdict_row(sample_runs.absent(kernel="absent", target="t", vector_bits=128), 2),
            verdict_row(sample_runs.passed(**whose, finding=too_good), 2),
        ]
        part = {"index": index + 1, "count": 2, "jobs": 2, "plan": ""}
        facts = {
            "started": "",
            "seconds": 0,
            "exit_code": 1,
            "command": [],
            "seed": 0,
            "reproduce": "",
            "notes": [],
            "finished": True,
        }
        return {**facts, "shard": part, "jobs": [job], "verdicts": rows}

    rows = merge({"a": shard(0), "b": shard(1)})["verdicts"]
    assert [(row["kernel"], row["outcome"]) for row in rows] == [
        ("k1", "PASS"),
        ("k0", "PASS"),
        ("absent", "UNAVAILABLE"),
        ("k1", "UNEXPECTED_PASS"),
        ("k0", "UNEXPECTED_PASS"),
    ]


def test_more_shards_than_jobs_leave_some_empty() -> None:
    assert share_of(Plan((), ()), Shard(2, 2)).own == ()


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The record of a whole run, and those of its three shards."""
    folder = tmp_path_factory.mktemp("shards")
    found = {}
    for name, shard in {"whole": (), **{f"{i}.json": ("--shard", f"{i}/3") for i in (1, 2, 3)}}.items():
        command = [sys.executable, "-m", "harness", "run", *KERNELS, *ONE_BUILD, *shard]
        done = subprocess.run([*command, "--json", folder / name], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found[name] = json.loads((folder / name).read_text())
    return found


def shards(records: dict[str, Any]) -> dict[str, Any]:
    return {name: record for name, record in records.items() if name != "whole"}


def test_merged_shards_equal_the_whole_run(records: dict[str, Any]) -> None:
    assert all(record["verdicts"] for record in records.values())
    merged = merge(dict(reversed(shards(records).items())))
    assert canonical(merged) == canonical(records["whole"])
    assert any(row["scalar_ulp"] is not None and row["kernel"] == "sum_f32/avx2" for row in merged["verdicts"])
    assert "--shard" not in merged["reproduce"]


def test_what_is_no_complete_set_is_refused(records: dict[str, Any]) -> None:
    parts = shards(records)
    with pytest.raises(UsageError, match="shard 3/3 is missing"):
        merge({name: part for name, part in parts.items() if name != "3.json"})
    with pytest.raises(UsageError, match=r"1\.json and 2\.json are both shard 1/3"):
        merge({**parts, "2.json": parts["1.json"]})
    with pytest.raises(UsageError, match="not the record of a shard"):
        merge({"whole": records["whole"]})
    with pytest.raises(UsageError, match="did not come to its end"):
        merge({**parts, "2.json": {**parts["2.json"], "finished": False}})
    other = {**parts["2.json"], "shard": {**parts["2.json"]["shard"], "plan": "another"}}
    with pytest.raises(UsageError, match=r"1\.json and 2\.json have different plans"):
        merge({**parts, "2.json": other})


def test_a_failure_in_one_shard_is_one_of_the_whole(records: dict[str, Any]) -> None:
    parts = shards(records)
    assert merge({**parts, "2.json": {**parts["2.json"], "exit_code": 1}})["exit_code"] == 1
    assert merge({**parts, "2.json": {**parts["2.json"], "exit_code": 3}})["exit_code"] == 0


def test_merge_tells_of_the_whole(harness: Harness, tmp_path: Path, records: dict[str, Any]) -> None:
    for name, record in shards(records).items():
        (tmp_path / name).write_text(json.dumps(record))
    done = harness("merge", "1.json", "2.json", "3.json", "--json", "all.json")
    assert done.returncode == 0, done.stderr
    assert canonical(json.loads((tmp_path / "all.json").read_text())) == canonical(records["whole"])
    assert f"{len(records['whole']['verdicts'])} of {len(records['whole']['verdicts'])} cases passed" in done.stdout
    assert harness("merge", "1.json").returncode == 2


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "1/2/3", "²/3"])
def test_a_shard_that_cannot_be_is_refused(harness: Harness, text: str) -> None:
    done = harness("run", "--shard", text)
    assert done.returncode == 2
    assert f"--shard {text}" in done.stderr
