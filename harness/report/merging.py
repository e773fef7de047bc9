"""Puts the records of all shards of a run together: the record of the whole run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.errors import ExitCode, UsageError
from harness.report.causes import together_of
from harness.report.identity import identified_rows
from harness.report.record import summarise
from harness.report.run import NOT_RUN, run_of

Record = Mapping[str, Any]

_NOT_RUN = tuple(outcome.value for outcome in NOT_RUN)
_FIRST_THAT_APPLIES = (
    ExitCode.INTERRUPTED,
    ExitCode.USAGE,
    ExitCode.HARNESS,
    ExitCode.KERNEL_FAILED,
    ExitCode.UNAVAILABLE,
    ExitCode.PASSED,
    ExitCode.NOTHING_SELECTED,
)


def merge(records: Mapping[str, Record]) -> dict[str, Any]:
    """Return the record of the whole run. `records` is by the names that messages use.

    Raises:
        UsageError: they are not all shards of one finished run, each once.
    """
    for name, record in records.items():
        if not record.get("shard"):
            raise UsageError(f"{name}: not the record of a shard (`harness run --shard 1/2 --json F` writes one)")
        if not record["finished"]:
            raise UsageError(f"{name}: this shard did not come to its end; run it again")
    first_name, first = next(iter(records.items()))
    for name, record in records.items():
        for key, what in (("plan", "plans"), ("count", "numbers of shards")):
            if record["shard"][key] != first["shard"][key]:
                must = "sources, options, compilers and emulators must be equal"
                raise UsageError(f"{first_name} and {name} have different {what}: {must}")
    _check_complete(records, first["shard"]["count"])
    by_index = sorted(records.values(), key=lambda record: int(record["shard"]["index"]))
    return _merged(by_index)


def _check_complete(records: Mapping[str, Record], count: int) -> None:
    seen: dict[int, str] = {}
    for name, record in records.items():
        index = record["shard"]["index"]
        if index in seen:
            raise UsageError(f"{seen[index]} and {name} are both shard {index}/{count}")
        seen[index] = name
    missing = [f"{index}/{count}" for index in range(1, count + 1) if index not in seen]
    if missing:
        raise UsageError(f"shard {', '.join(missing)} is missing")


def _merged(shards: Sequence[Record]) -> dict[str, Any]:
    absences = shards[0]["shard"]["jobs"]
    rows = [row for record in shards for row in record["verdicts"] if row["job"] != absences]
    rows.sort(key=lambda row: int(row["job"]))  # stable: the cases of a job keep their order
    jobs = sorted((job for record in shards for job in record["jobs"]), key=lambda job: int(job["rank"]))
    rows += _about_no_job(shards, jobs)
    rows = identified_rows(rows, shards[0]["seed"])  # what is unique in each need not be in all
    codes = {ExitCode(record["exit_code"]) for record in shards}
    command = _without_shard(shards[0]["command"])
    merged = {
        **shards[0],
        "started": min(record["started"] for record in shards),
        "seconds": max(record["seconds"] for record in shards),
        "exit_code": int(next(code for code in _FIRST_THAT_APPLIES if code in codes)),
        "command": command,
        "reproduce": " ".join(_without_shard(shards[0]["reproduce"].split(" "))),
        "planned_jobs": _sum(record.get("planned_jobs") for record in shards),
        "shard": None,
        "notes": list(dict.fromkeys(note for record in shards for note in record["notes"])),
        "left_out": list(dict.fromkeys(text for record in shards for text in record.get("left_out", ()))),
        "jobs": jobs,
        "summary": summarise(row["outcome"] for row in rows),
        "verdicts": rows,
    }
    smallest = {row["shown"]: row["smallest"] for record in shards for row in record.get("causes", ())}
    return {**merged, **together_of(run_of(merged), smallest)}


def _sum(numbers: Iterable[int | None]) -> int | None:
    known = list(numbers)
    return None if None in known else sum(filter(None, known))


def _about_no_job(shards: Sequence[Record], jobs: Sequence[Record]) -> list[Record]:
    """What did not run, which every shard has, and verdicts on all builds of a point, which one shard has."""
    every = [row for record in shards for row in record["verdicts"] if row["job"] == record["shard"]["jobs"]]
    # Each shard proves what all inputs show, and tells what is wrong with that.
    rows = list({(_point(row), row["outcome"], row.get("detail")): row for row in every}.values())
    position: dict[object, int] = {}
    for job in jobs:
        position.setdefault(_point(job), int(job["rank"]))
    absences = shards[0]["shard"]["jobs"]
    absent = [row for row in shards[0]["verdicts"] if row["job"] == absences and row["outcome"] in _NOT_RUN]
    return absent + sorted((r for r in rows if r["outcome"] not in _NOT_RUN), key=lambda row: position[_point(row)])


def _point(row: Record) -> object:
    return row["kernel"], row["target"], row["vector_bits"]


def _without_shard(words: Sequence[str]) -> list[str]:
    kept: list[str] = []
    drop_next = False
    for word in words:
        if not drop_next and not word.startswith("--shard"):
            kept.append(word)
        drop_next = word == "--shard"
    return kept
