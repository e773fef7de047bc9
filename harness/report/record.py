"""The record of a run: JSON, written atomically while the run goes on, and valid at every moment."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import platform
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness import __version__
from harness.errors import StorageError
from harness.model import Circumstances, Job, Kernel, Observation, Outcome, Variant, Verdict, Window, Worst, Wrong
from harness.report.identity import identified_rows
from harness.storage.files import replace_file
from harness.storage.source_files import included

RECORD_VERSION = 2
_WRITE_INTERVAL_S = 0.5
# Records of large runs take long to write: spend at most one part in so many of the time on it.
_WRITE_SHARE = 20
_NOT_KEPT = "This run is not stored: {}. 'harness replay' and 'report' need what --json F writes, by --run F"


@dataclass(slots=True)
class Recorder:
    """Collects what a run finds and keeps every given file up to date with it."""

    files: tuple[Path, ...]
    """What the user asked for: it is an error if one cannot be written."""
    command: Sequence[str]
    backend: Mapping[str, object]
    """What there is to know about where tools and guests ran."""
    seed: int
    manifest: Path | None
    notes: Sequence[str] = ()
    """What the inputs are proven to show, and what is waived."""
    left_out: Sequence[str] = ()
    """What the command line kept from being checked, with the option that did."""
    together: Mapping[str, Any] = field(default_factory=dict)
    """What is said of all failures together, at the end."""
    shard: Mapping[str, object] | None = None
    """Which part of the run this is: index, count, and number of jobs and digest of the whole plan."""
    reproduce: str = ""
    """The shell command that repeats the run."""
    kept: Path | None = None
    """Where the run is stored for the project; if that cannot be written, it is not stored, and says so."""
    not_kept: str = ""
    """Why it is not."""
    planned_jobs: int | None = None
    """Jobs that the run was to have; those that it has are fewer where it was cut short."""
    asked: Mapping[str, object] = field(default_factory=dict)
    """What of the selection replaying a case takes besides its job: sizes, emulator and files, as they were named."""
    _digests: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    """By kernel, of its sources."""
    _started: float = field(default_factory=time.time)
    _jobs: list[dict[str, Any]] = field(default_factory=list)
    _verdicts: list[tuple[tuple[int, int], dict[str, Any]]] = field(default_factory=list)
    _next_write: float = 0.0
    _has_news: bool = False

    def add_job(
        self,
        rank: int,
        job: Job,
        observation: Observation | None,
        commands: Iterable[Sequence[str]],
        inputs_digest: str | None,
    ) -> None:
        """Take in how a job was built and run; `rank` is its position in the plan."""
        if job.kernel.id not in self._digests:
            self._digests[job.kernel.id] = source_digests(job.kernel)
        row = _job_row(job, observation, commands, self._digests[job.kernel.id])
        self._jobs.append({"rank": rank, **row, "inputs_digest": inputs_digest})

    def add(self, rank: int, verdicts: Sequence[Verdict]) -> None:
        """Take in a job's verdicts."""
        self._has_news = True
        self._verdicts += [((rank, number), verdict_row(verdict, rank)) for number, verdict in enumerate(verdicts)]

    def write_if_due(self) -> None:
        """Write the files if there is something new and the last time was a while ago.

        What cannot be written now is an error at the end only, when the run has had its say.
        """
        if self._has_news and time.monotonic() > self._next_write:
            with contextlib.suppress(StorageError):
                self.write(finished=False, exit_code=None)

    def write(self, *, finished: bool, exit_code: int | None) -> None:
        """Replace every file in one step.

        Raises:
            StorageError: a file that was asked for cannot be written.
        """
        start = time.monotonic()
        text = self._text(finished=finished, exit_code=exit_code)
        try:
            if self.kept:
                replace_file(self.kept, text)
        except StorageError as error:
            self.kept, self.not_kept = None, str(error)
            text = self._text(finished=finished, exit_code=exit_code)
        self._has_news = False
        self._next_write = start + _WRITE_INTERVAL_S
        for path in self.files:
            replace_file(path, text)
        now = time.monotonic()
        self._next_write = now + max(_WRITE_INTERVAL_S, _WRITE_SHARE * (now - start))

    def _text(self, *, finished: bool, exit_code: int | None) -> str:
        record = self.record(finished=finished, exit_code=exit_code)
        return json.dumps(record, separators=(",", ":"), allow_nan=False) + "\n"

    def record(self, *, finished: bool, exit_code: int | None) -> dict[str, Any]:
        """Return the record as it stands."""
        verdicts = identified_rows((row for _, row in sorted(self._verdicts, key=lambda item: item[0])), self.seed)
        summary = summarise(row["outcome"] for row in verdicts)
        return {**self.facts(finished=finished, exit_code=exit_code), "summary": summary, "verdicts": verdicts}

    def facts(self, *, finished: bool, exit_code: int | None) -> dict[str, Any]:
        """Return what the record says of the run as a whole."""
        return {
            "format": "harness-run",
            "version": RECORD_VERSION,
            "harness": __version__,
            "started": datetime.fromtimestamp(self._started, UTC).isoformat(timespec="seconds"),
            "seconds": round(time.time() - self._started, 3),
            "finished": finished,
            "exit_code": exit_code,
            "command": list(self.command),
            "reproduce": self.reproduce,
            "planned_jobs": self.planned_jobs,
            "shard": dict(self.shard) if self.shard else None,
            "manifest": str(self.manifest) if self.manifest else None,
            "seed": self.seed,
            "asked": dict(self.asked),
            "host": _host(),
            "place": dict(self.backend),
            "notes": [*self.notes, *([_NOT_KEPT.format(self.not_kept)] if self.not_kept else [])],
            "left_out": list(self.left_out),
            **self.together,
            "jobs": sorted(self._jobs, key=lambda row: int(row["rank"])),
        }


def _host() -> dict[str, str]:
    import numpy as np

    return {
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def source_digests(kernel: Kernel) -> list[dict[str, str]]:
    """Return path and SHA-256 of a kernel's sources and of all that they include by name."""
    paths = included(kernel.files, kernel.compilation.includes)
    return [{"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} for path in paths]


def _job_row(
    job: Job, observation: Observation | None, commands: Iterable[Sequence[str]], digests: Sequence[Mapping[str, str]]
) -> dict[str, Any]:
    compiler, executor = job.build.compiler, job.executor
    return {
        "kernel": job.kernel.id,
        "target": job.target.name,
        "build": job.build.label,
        "vector_bits": job.vector_bits,
        "opt": job.build.opt,
        "variant": job.build.variant,
        "way": job.build.how,
        "role": job.role.value,
        "cpu_timeout_ms": job.cpu_timeout_ms,
        "sources": [str(source) for source in job.kernel.files],
        "source_digests": digests,
        "symbol": job.kernel.symbol,
        "conventions": list(job.kernel.conventions.lines),
        "contract": {"path": str(job.contract.origin), "sha256": job.contract.source_digest},
        "compiler": {"name": compiler.spec, "version": compiler.version, "triple": compiler.triple},
        "emulator": {
            "name": executor.how,
            "version": executor.version,
            "cpu": executor.cpu,
            "lacks": list(executor.lacks) if job.build.variant is Variant.HOSTILE else [],
        },
        "build_commands": [list(command) for command in commands],
        "run_command": list(observation.command) if observation else None,
        "attestation": dict(observation.attestation) if observation else {},
    }


def verdict_row(verdict: Verdict, rank: int) -> dict[str, Any]:
    """Return one verdict of the job at `rank` as the record has it."""
    finding = verdict.finding
    return {
        "job": rank,
        "kernel": verdict.kernel,
        "target": verdict.target,
        "build": verdict.build,
        "emulator": verdict.emulator,
        "vector_bits": verdict.vector_bits,
        "attested_vector_bits": verdict.attested_vector_bits,
        "element_bits": verdict.element_bits,
        "named": verdict.named,
        "suite": verdict.suite,
        "case": verdict.case,
        "sizes": dict(verdict.sizes),
        "inputs": _inputs_row(verdict.circumstances),
        "outcome": finding.outcome.value,
        "detail": finding.detail,
        "source_line": finding.source_line,
        "max_ulp": _number(finding.max_ulp),
        "mean_ulp": _number(finding.mean_ulp),
        "headroom": _number(finding.headroom),
        "tolerance_ulp": _number(finding.tolerance_ulp),
        "scalar_ulp": _number(finding.scalar_ulp),
        "worst": _worst_row(finding.worst) if finding.worst and finding.outcome is not Outcome.PASS else None,
        "wrong": [_wrong_row(wrong) for wrong in finding.wrong],
        "seconds": round(finding.seconds, 6),
        "instructions": verdict.instructions,
        "reproduce": verdict.reproduce,
    }


def _inputs_row(found: Circumstances) -> dict[str, Any]:
    """Return what is not as it is in ordinary rows, and where the buffers are: a record has very many rows."""
    row: dict[str, Any] = {"pattern": found.pattern} if found.pattern else {}
    row |= {"value": found.value} if found.value else {}
    row |= {"position": found.position} if found.position is not None else {}
    row |= {"scalars": dict(found.scalars)} if found.scalars else {}
    row |= {"alignment": dict(found.alignment_bytes)} if found.alignment_bytes else {}
    row |= {"in_place": True} if found.is_in_place else {}
    row |= {"guards": found.guards} if found.guards else {}
    row |= {"signs": found.signs} if found.signs else {}
    row |= {"first": True} if found.is_first else {}
    return row if found.is_judged else {**row, "judged": False}


def _wrong_row(wrong: Wrong) -> dict[str, Any]:
    axes = [
        {"length": axis.length, "first": axis.first, "last": axis.last, "residues": f"{axis.residues:x}"}
        for axis in wrong.axes
    ]
    return {"output": wrong.output, "count": wrong.count, "axes": axes}


def _worst_row(worst: Worst) -> dict[str, Any]:
    return {
        "output": worst.output,
        "element": worst.element,
        "got": _number(worst.got),
        "want": _number(worst.want),
        "ulp": _number(worst.ulp),
        "tolerance": _number(worst.tolerance),
        "window": _window_row(worst.window) if worst.window else None,
    }


def _window_row(window: Window) -> dict[str, Any]:
    rows = {name: [_number(value) for value in getattr(window, name)] for name in ("got", "want", "tolerance")}
    return {"first": window.first, **rows}


def _number(value: float | None) -> float | str | None:
    """JSON has no NaN and no infinities: they become strings."""
    if value is None or math.isfinite(value):
        return value
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def summarise(outcomes: Iterable[str]) -> dict[str, int]:
    """Count verdicts per outcome; every outcome has an entry."""
    counts = Counter(outcomes)
    return {outcome.value: counts[outcome.value] for outcome in reversed(Outcome)}
