"""A run as reports see it: what the record says of it, however it was come by."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.model import Axis, Circumstances, Finding, Outcome, Verdict, Window, Worst, Wrong
from harness.report.identity import identified
from harness.report.record import RECORD_VERSION

if TYPE_CHECKING:
    from harness.causes import Cause
    from harness.causes.builds import Disagreement

_COMPUTED = ("causes", "disagreements")
"""What is computed from verdicts when it is first asked for."""
NOT_RUN = (Outcome.UNAVAILABLE, Outcome.NOT_APPLICABLE)


@dataclass(frozen=True)
class RunResult:
    """What every format shows: the facts of the whole run, and its verdicts in the order of the plan."""

    facts: Mapping[str, Any]
    """The record without its verdicts."""
    verdicts: Sequence[Verdict]

    @property
    def command(self) -> str:
        """The line that repeats it."""
        return str(self.facts["reproduce"])

    @property
    def notes(self) -> Sequence[str]:
        """What the inputs show, what is waived, what was left out."""
        notes: Sequence[str] = self.facts["notes"]
        return notes

    @property
    def left_out(self) -> Sequence[str]:
        """What the command line kept from being checked, with the option that did; older records do not say."""
        shard = self.facts.get("shard")
        others = (
            f"the jobs of the other shards of {shard['count']}: `harness merge` puts the parts together"
            if shard
            else ""
        )
        return [*self.facts.get("left_out", ()), *([others] if others else [])]

    @property
    def jobs(self) -> Sequence[Mapping[str, Any]]:
        """How everything was built and run."""
        jobs: Sequence[Mapping[str, Any]] = self.facts["jobs"]
        return jobs

    @property
    def cut_short(self) -> str:
        """Why jobs of the plan have no verdict, and how many have one; empty where all have."""
        done, planned = len(self.jobs), self.facts.get("planned_jobs")
        jobs = (
            f"{done} of {planned} jobs were"
            if planned is not None
            else f"{done} job{'s were' if done != 1 else ' was'}"
        )
        if not self.facts["finished"]:
            return f"interrupted: {jobs} done" if done else "interrupted before a job was done: nothing was judged"
        return f"stopped at the first failure: {jobs} done" if planned is not None and done < planned else ""

    @property
    def failures(self) -> list[Verdict]:
        """The worst first."""
        return sorted((v for v in self.verdicts if has_failed(v)), key=badness)

    @cached_property
    def causes(self) -> Sequence[Cause]:
        """What went wrong, once for each cause, the worst first."""
        from harness.causes import causes_of  # numpy, which a run that passed need not load for its report

        return causes_of(self.verdicts, self.builds) if any(map(has_failed, self.verdicts)) else ()

    @cached_property
    def disagreements(self) -> Sequence[Disagreement]:
        """Where builds of one source differ."""
        from harness.causes.builds import disagreements

        has_any = any(v.outcome is not Outcome.PASS and v.outcome not in NOT_RUN for v in self.verdicts)
        return disagreements(self.verdicts, self.builds) if has_any else ()

    def with_facts(self, facts: Mapping[str, Any]) -> RunResult:
        """Return the same run with more facts; what its verdicts came to is not computed again."""
        other = RunResult(facts, self.verdicts)
        other.__dict__.update({name: self.__dict__[name] for name in _COMPUTED if name in self.__dict__})
        return other

    def smallest_of(self, verdict: Verdict) -> Sequence[str]:
        """Return the smallest case that fails like this one, in lines, if one was looked for and found."""
        found = (row["smallest"] for row in self.facts.get("causes", ()) if row["shown"] == verdict.id)
        return next(found, ()) if verdict.id else ()

    @property
    def builds(self) -> Mapping[str, Mapping[str, str]]:
        """By label: compiler, level, variant, and the way it was run where every way was wanted."""
        parts = {}
        for job in self.jobs:
            found = {name: job.get(name) for name in ("opt", "variant", "way")} | {"compiler": job["compiler"]["name"]}
            parts[str(job["build"])] = {name: str(value) for name, value in found.items() if value is not None}
        return parts

    @property
    def not_run(self) -> list[Verdict]:
        """What was asked for and is not available, or makes no sense."""
        return [v for v in self.verdicts if v.outcome in NOT_RUN]

    def sources(self) -> dict[str, list[str]]:
        """The paths of each kernel's sources."""
        return {job["kernel"]: job["sources"] for job in self.jobs}


def has_failed(verdict: Verdict) -> bool:
    """Whether it is neither a pass nor something that did not run."""
    return verdict.outcome not in (Outcome.PASS, Outcome.EXPECTED_FAILURE, *NOT_RUN)


def badness(verdict: Verdict) -> tuple[int, float]:
    """Order failures, the worst first."""
    headroom = verdict.finding.headroom
    return verdict.outcome.severity, headroom if headroom is not None and not math.isnan(headroom) else -math.inf


# ---- reading -------------------------------------------------------------------------------------------------------


def read_record(path: Path) -> dict[str, Any]:
    """Read a record of this version or an older one, and return it as this version has it.

    Raises:
        UsageError: it is no record, or one of a later version.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot read it: {error.strerror}") from None
    except ValueError:
        raise UsageError(f"{path}: not a record of a run: it is no JSON") from None
    if not isinstance(record, dict) or record.get("format") != "harness-run":
        raise UsageError(f"{path}: not a record of a run (`harness run --json {path.name}` writes one)")
    version = record.get("version")
    if not isinstance(version, int) or not 1 <= version <= RECORD_VERSION:
        raise UsageError(
            f"{path}: a record of version {version}; this harness reads versions 1 to {RECORD_VERSION}, update it"
        )
    try:
        return upgraded(record)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UsageError(f"{path}: a damaged record: {type(error).__name__} {error}") from None


def upgraded(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record as the current version has it; what an older one does not say is empty."""
    if record["version"] == RECORD_VERSION:
        return dict(record)
    ranks = {_identity(job): job["rank"] for job in record["jobs"]}
    jobs = [{"conventions": [], "inputs_digest": None, **job} for job in record["jobs"]]
    for job in jobs:
        job["emulator"] = {"lacks": [], **job["emulator"]}
    verdicts = [
        {
            "job": ranks.get(_identity(row), len(jobs)),
            "element_bits": 0,
            "named": False,
            "sizes": {},
            "source_line": "",
            "tolerance_ulp": None,
            **row,
            "worst": {**row["worst"], "window": None} if row["worst"] else None,
        }
        for row in record["verdicts"]
    ]
    later = {"version": RECORD_VERSION, "jobs": jobs, "verdicts": verdicts}
    return {"notes": [], "place": {}, "reproduce": shlex.join(record["command"]), **record, **later}


def _identity(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["kernel"], row["target"], row["build"], row["vector_bits"]


def run_of(record: Mapping[str, Any]) -> RunResult:
    """Return the run that a record of the current version describes."""
    facts = {key: value for key, value in record.items() if key != "verdicts"}
    return RunResult(facts, identified(map(_verdict, record["verdicts"]), record["seed"]))


def _verdict(row: Mapping[str, Any]) -> Verdict:
    return Verdict(
        kernel=row["kernel"],
        target=row["target"],
        build=row["build"],
        vector_bits=row["vector_bits"],
        attested_vector_bits=row["attested_vector_bits"],
        element_bits=row["element_bits"],
        emulator=row["emulator"],
        suite=row["suite"],
        case=row["case"],
        finding=Finding(
            outcome=Outcome(row["outcome"]),
            detail=row["detail"],
            max_ulp=_number(row["max_ulp"]),
            mean_ulp=_number(row["mean_ulp"]),
            headroom=_number(row["headroom"]),
            tolerance_ulp=_number(row["tolerance_ulp"]),
            worst=_worst(row["worst"]) if row["worst"] else None,
            scalar_ulp=_number(row["scalar_ulp"]),
            seconds=row["seconds"],
            source_line=row["source_line"],
            wrong=tuple(map(_wrong, row.get("wrong", ()))),
        ),
        reproduce=row["reproduce"],
        named=row["named"],
        sizes=tuple(row["sizes"].items()),
        instructions=row.get("instructions"),
        circumstances=_circumstances(row.get("inputs", {})),
    )


def _circumstances(row: Mapping[str, Any]) -> Circumstances:
    return Circumstances(
        scalars=tuple(row.get("scalars", {}).items()),
        pattern=row.get("pattern", ""),
        value=row.get("value", ""),
        position=row.get("position"),
        alignment_bytes=tuple(row.get("alignment", {}).items()),
        is_in_place=row.get("in_place", False),
        guards=row.get("guards", ""),
        signs=row.get("signs", ""),
        is_first=row.get("first", False),
        is_judged=row.get("judged", True),
    )


def _wrong(row: Mapping[str, Any]) -> Wrong:
    axes = (Axis(one["length"], one["first"], one["last"], int(one["residues"], 16)) for one in row["axes"])
    return Wrong(row["output"], row["count"], tuple(axes))


def _worst(row: Mapping[str, Any]) -> Worst:
    window = row["window"]
    return Worst(
        output=row["output"],
        element=row["element"],
        got=_value(row["got"]),
        want=_value(row["want"]),
        ulp=_number(row["ulp"]),
        tolerance=float(row["tolerance"]),
        window=_window(window) if window else None,
    )


def _window(row: Mapping[str, Any]) -> Window:
    got, want = (tuple(map(_value, row[name])) for name in ("got", "want"))
    return Window(row["first"], got, want, tuple(map(float, row["tolerance"])))


def _value(value: float | str) -> float:
    """Return what an output held: an integer is one."""
    return value if isinstance(value, int) else float(value)


def _number(value: float | str | None) -> float | None:
    """Numbers that JSON cannot hold are strings in the record."""
    return None if value is None else float(value)
