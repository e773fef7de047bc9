"""From a record and an id to what has to run again."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from harness.errors import UsageError
from harness.replay.plan import find, settings_for
from harness.report.run import read_record, run_of
from tests.unit import told

JOB: dict[str, Any] = {
    "build": "gcc O2 plain",
    "opt": "O2",
    "variant": "plain",
    "way": None,
    "role": "main",
    "cpu_timeout_ms": 500,
    "symbol": "f",
    "source_digests": [],
    "contract": {"path": "sum_f32.py", "sha256": ""},
}


def record(*cases: str, **facts: Any) -> dict[str, Any]:
    verdicts = [told.passed("len1"), *(told.failed(case=case) for case in cases)]
    whole = told.record(told.run(verdicts, asked={"sizes": [], "emulator": None}))
    whole["jobs"][0] |= JOB
    return {**whole, **facts}


def test_an_id_or_its_beginning_finds_the_failure_and_what_ran_before_it() -> None:
    whole = record("len33", "len34")
    ids = [verdict.id for verdict in run_of(whole).verdicts]
    failure = find(whole, ids[2][:5].upper())
    assert failure.id == ids[2]
    assert failure.cases == ("boundary/len1", "boundary/len33", "boundary/len34")
    assert find(whole, ids[1]).cases == ("boundary/len1", "boundary/len33")


def test_a_wrong_id_is_told_what_there_is() -> None:
    whole = record("len33", "len34")
    one = run_of(whole).verdicts[1].id
    with pytest.raises(UsageError, match=rf"no failure '{one}x' in this run \(perhaps you meant '{one}'\)"):
        find(whole, f"{one}x")
    with pytest.raises(UsageError, match="2 failures have ids that start like this"):
        find(whole, "")
    with pytest.raises(UsageError, match="nothing failed in it"):
        find(record(), "abc")


def test_a_record_of_an_older_harness_is_told_to_be_run() -> None:
    whole = copy.deepcopy(read_record(told.RECORD_2))
    whole["verdicts"][0]["outcome"] = "MISMATCH"
    with pytest.raises(UsageError, match=r"does not say how it was built; run: .*harness run"):
        find(whole, run_of(whole).verdicts[0].id)


def test_what_is_planned_is_the_failures_job_only() -> None:
    whole = record("len33", manifest="/p/harness.toml", seed=7)
    settings = settings_for(find(whole, run_of(whole).verdicts[1].id), None)
    chosen = settings.selection
    assert (chosen.kernels, chosen.targets, chosen.vector_bits) == (("sum_f32/sve",), ("sve",), (256,))
    assert (chosen.compilers, chosen.opts, chosen.variants) == (("gcc",), ("O2",), ("plain",))
    assert (chosen.suites, chosen.sizes, chosen.seed, chosen.cpu_timeout_s) == (("boundary",), (), 7, 0.5)
    assert chosen.emulator == "qemu-user"
    assert find(whole, "").manifest == Path("/p/harness.toml")
    assert settings_for(find(whole, ""), Path("other.toml")).config == Path("other.toml")


def test_sizes_are_all_named_again_since_scalars_follow_their_order() -> None:
    whole = record("len33", asked={"sizes": [5, 33], "emulator": None})
    for row in whole["verdicts"]:
        row["suite"] = "size"
    chosen = settings_for(find(whole, ""), None).selection
    assert (chosen.sizes, chosen.suites) == ((5, 33), ())


def test_the_gate_and_every_way_are_asked_for_as_they_were() -> None:
    whole = record("len33", asked={"sizes": [], "emulator": "all"})
    whole["jobs"][0]["role"] = "gate"
    chosen = settings_for(find(whole, ""), None).selection
    assert (chosen.suites, chosen.emulator) == (("gate",), "all")
    whole["jobs"][0] |= {"role": "main", "way": "bochs"}
    assert settings_for(find(whole, ""), None).selection.emulator == "all"
