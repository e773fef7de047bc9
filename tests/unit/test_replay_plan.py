"""From a record and an id to what has to run again."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness import __version__
from harness.commands.replay import replay
from harness.commands.replay.debugging import KEPT_PACKS, debug, write_pack
from harness.commands.replay.plan import changes, find, settings_for
from harness.errors import UsageError
from harness.model import Binary, Executor, Job
from harness.report.run import read_record, run_of
from harness.settings import ReplaySettings
from tests.unit import sample_runs

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
    verdicts = [sample_runs.passed("len1"), *(sample_runs.failed(case=case) for case in cases)]
    whole = sample_runs.record(sample_runs.run(verdicts, asked={"sizes": [], "emulator": None}))
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
    whole = copy.deepcopy(read_record(sample_runs.RECORD_2))
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


def test_a_debugger_is_for_guests_that_it_reaches(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps(record("len33", place={"in": "docker"})))
    asked = ReplaySettings("", str(path), config=None, shrink=False, budget_s=30, gdb=True, verbose=False)
    with pytest.raises(UsageError, match="ran in docker; a debugger reaches guests on the host only"):
        replay(asked, ["harness"])
    bochs = Executor("bochs", "3.0", "", ("bochs",), "")
    job = SimpleNamespace(executor=bochs, kernel=SimpleNamespace(symbol="f"))
    with pytest.raises(UsageError, match="--gdb: bochs cannot wait for a debugger; qemu-user and native can"):
        debug(cast(Job, job), Binary(tmp_path / "guest", "", (), ()), tmp_path / "pack")


def test_packs_are_kept_for_the_last_failures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, made in (("replace", None), ("load_of", None), ("encode", b"pack")):
        monkeypatch.setattr(f"harness.commands.replay.debugging.{name}", lambda *_, made=made, **__: made)
    job = cast(Job, SimpleNamespace(cases=()))
    for number in (*range(KEPT_PACKS + 3), 3):  # the third but oldest of those left, again
        write_pack(job, {}, tmp_path / f"id{number}")
    write_pack(job, {}, tmp_path / "another")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"another", *(f"id{number}" for number in range(3, KEPT_PACKS + 3) if number != 4)}


def test_what_is_not_as_it_was_is_told() -> None:
    whole = record("len33")
    whole["jobs"][0]["source_digests"] = [{"path": "/there/k.c", "sha256": "1"}, {"path": "/there/k.h", "sha256": "2"}]
    failure = find(whole, "")
    job = SimpleNamespace(
        contract=SimpleNamespace(source_digest="", origin=Path("sum_f32.py")),
        kernel=SimpleNamespace(symbol="f"),
        build=SimpleNamespace(compiler=SimpleNamespace(version="14.2.0")),
        executor=SimpleNamespace(version="10.0.13", cpu="max"),
    )
    same = [{"path": "/here/k.c", "sha256": "1"}, {"path": "/here/k.h", "sha256": "2"}]
    assert changes(failure, cast(Job, job), same, __version__) == []
    job.build.compiler.version, job.executor.version, job.kernel.symbol = "15.1.0", "9.2.0", "g"
    job.contract.source_digest = "other"
    assert changes(failure, cast(Job, job), [*same[:1], {"path": "/here/k.h", "sha256": "3"}], "9") == [
        "k.h has changed since",
        "the contract sum_f32.py has changed since",
        "the kernel's symbol was f and is g",
        "the compiler gcc was 14.2.0 and is 15.1.0",
        "the emulator qemu-user was 10.0.13 and is 9.2.0",
        f"the harness was {__version__} and is 9",
    ]
