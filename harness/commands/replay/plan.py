"""From a record and an id to what has to run again, and what is not as it was. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.errors import UnavailableError, UsageError, perhaps
from harness.model import Case, Job, Plan, Role, Selection, Variant, Verdict
from harness.plan.cases import GATE_SUITE, SIZE_SUITE
from harness.report.identity import matching
from harness.report.run import run_of
from harness.settings import DEFAULT_OPTS, KernelFiles, Reports, Settings

_TOLD_IDS = 5
_QUIET = Reports(json=None, files={}, annotations=False, verbose=False, quiet=True)


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure as a record has it."""

    id: str
    verdict: Verdict
    job: Mapping[str, Any]
    """The row of its job."""
    cases: tuple[str, ...]
    """The ids of its job's cases up to its own; empty where none ran."""
    suites: tuple[str, ...]
    """Those of all its job's cases."""
    sizes: tuple[int, ...]
    emulator: str | None
    """What --size and --emulator named."""
    kernel_files: KernelFiles | None
    """The kernel by its files, where that is how it was named."""
    seed: int
    backend: str
    manifest: Path | None
    harness: str


def has_failure(record: Mapping[str, Any], wanted: str) -> bool:
    """Whether a record has a failure with this id, or one that begins so."""
    return bool(matching([verdict.id for verdict in run_of(record).verdicts if verdict.id], wanted))


def find(record: Mapping[str, Any], wanted: str) -> Failure:
    """Return the failure that an id, or the beginning of one, stands for.

    Raises:
        UsageError: there is none, or several, or the record does not say enough.
    """
    verdicts = run_of(record).verdicts
    ids = [verdict.id for verdict in verdicts if verdict.id]
    found = matching(ids, wanted)
    if not found:
        known = f"it has {', '.join(ids[:_TOLD_IDS])}{' and more' if len(ids) > _TOLD_IDS else ''}" if ids else ""
        raise UsageError(f"no failure {wanted!r} in this run{perhaps(wanted, ids)}; {known or 'nothing failed in it'}")
    if len(found) > 1:
        raise UsageError(f"{wanted}: {len(found)} failures have ids that start like this: {', '.join(found)}")
    at = next(backend for backend, verdict in enumerate(verdicts) if verdict.id == found[0])
    rank = record["verdicts"][at]["job"]
    job = next((row for row in record["jobs"] if row["rank"] == rank), None)
    if job is None or "variant" not in job:
        raise UsageError(f"{found[0]}: this record does not say how it was built; run: {verdicts[at].reproduce}")
    rows = [row for row in record["verdicts"] if row["job"] == rank and row["case"] is not None]
    every = tuple(f"{row['suite']}/{row['case']}" for row in rows)
    own = f"{verdicts[at].suite}/{verdicts[at].case}"
    return Failure(
        id=found[0],
        verdict=verdicts[at],
        job=job,
        cases=every[: every.index(own) + 1] if own in every else (),
        suites=tuple(dict.fromkeys(row["suite"] for row in rows)),
        sizes=tuple(record.get("asked", {}).get("sizes", ())),
        emulator=record.get("asked", {}).get("emulator"),
        kernel_files=_kernel_files(record.get("asked", {}).get("given")),
        seed=record["seed"],
        backend=record["place"].get("in", "host"),
        manifest=Path(record["manifest"]) if record["manifest"] else None,
        harness=record["harness"],
    )


def _kernel_files(row: Mapping[str, Any] | None) -> KernelFiles | None:
    return KernelFiles(**{**row, "sources": tuple(map(Path, row["sources"]))}) if row else None


def settings_for(failure: Failure, config: Path | None) -> Settings:
    """Return the settings that plan the failure's job again, with the manifest that is there now."""
    job, is_gate = failure.job, failure.job["role"] == Role.GATE.value
    by_size = SIZE_SUITE in failure.suites or (not failure.cases and bool(failure.sizes))
    emulator = failure.emulator if is_gate or job["way"] else job["emulator"]["name"]
    selection = Selection(
        kernels=() if failure.kernel_files else (job["kernel"],),
        targets=(job["target"],),
        vector_bits=(job["vector_bits"],) if job["vector_bits"] else (),
        vector_bits_named=bool(job["vector_bits"]),
        emulator=emulator,
        compilers=(job["compiler"]["name"],),
        opts=(job["opt"],) if job["opt"] else DEFAULT_OPTS,
        variants=(Variant(job["variant"]),) if job["variant"] else tuple(Variant),
        suites=(GATE_SUITE,) if is_gate else () if by_size else failure.suites,
        sizes=failure.sizes if by_size and not is_gate else (),
        is_narrowed=True,
        seed=failure.seed,
        cpu_timeout_s=job["cpu_timeout_ms"] / 1000,
    )
    return Settings(
        selection=selection,
        kernel_files=failure.kernel_files,
        backend=failure.backend,
        last_failed=False,
        jobs=1,
        stop_early=False,
        dry_run=False,
        config=config,
        baseline=None,
        shard=None,
        budget_s=0.0,
        reports=_QUIET,
    )


def jobs_of(plan: Plan, failure: Failure) -> tuple[Job, ...]:
    """Return the failure's job as it is planned now; before it the same by other ways, which it was compared with.

    Raises:
        UnavailableError: it cannot run here now.
        UsageError: it does not exist any more.
    """
    row = failure.job
    is_gate = row["role"] == Role.GATE.value
    found = [
        job
        for job in plan.jobs
        if (job.build.opt, job.build.variant, job.vector_bits) == (row["opt"], row["variant"], row["vector_bits"])
        and (job.role is Role.GATE) == is_gate
    ]
    ways = [job.build.how for job in found]
    if row["way"] in ways:
        return tuple(found[: ways.index(row["way"]) + 1])
    reasons = [absence.reason for absence in plan.absences]
    raise UnavailableError(f"{failure.id} cannot run here now: {'; '.join(reasons) or 'its job is not planned'}")


def narrowed(job: Job, cases: Sequence[str]) -> Job:
    """Return a job with these cases only, in this order; all of them if none is named.

    Raises:
        UsageError: its contract has one of them no more.
    """
    if not cases:
        return job
    known: dict[str, Case] = {case.id: case for case in job.cases}
    missing = [name for name in cases if name not in known]
    if missing:
        raise UsageError(f"{job.contract.origin} has no case {missing[0]!r} any more{perhaps(missing[0], known)}")
    return replace(job, cases=tuple(known[name] for name in cases))


def changes(failure: Failure, job: Job, sources: Sequence[Mapping[str, str]], harness: str) -> list[str]:
    """Say what is not as it was when the record was written. `sources` are digests of what is there now."""
    row = failure.job
    then = {(Path(one["path"]).name, one["sha256"]) for one in row["source_digests"]}
    now = {(Path(one["path"]).name, one["sha256"]) for one in sources}
    said = [f"{name} has changed since" for name in sorted({name for name, _ in then ^ now})]
    if row["contract"]["sha256"] != job.contract.source_digest:
        said.append(f"the contract {job.contract.origin.name} has changed since")
    if row["symbol"] != job.kernel.symbol:
        said.append(f"the kernel's symbol was {row['symbol']} and is {job.kernel.symbol}")
    facts = (
        (f"compiler {row['compiler']['name']}", row["compiler"]["version"], job.build.compiler.version),
        (f"emulator {row['emulator']['name']}", row["emulator"]["version"], job.executor.version),
        ("emulated CPU", row["emulator"]["cpu"], job.executor.cpu),
        ("harness", failure.harness, harness),
    )
    return said + [f"the {what} was {was} and is {now_is}" for what, was, now_is in facts if was != now_is]
