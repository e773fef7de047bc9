"""Failures put together: what a kernel does wrong on a target in one way is told once, however many cases show it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from harness.model import Verdict

Group = Sequence[Sequence[Verdict]]
"""The failures of a kernel on a target with one outcome: by job, the worst of each first."""


def grouped(failures: Sequence[Verdict]) -> list[Group]:
    """Group failures that come the worst first, and keep that order in groups, in their jobs and in those."""
    groups: dict[object, dict[object, list[Verdict]]] = {}
    for verdict in failures:
        jobs = groups.setdefault((verdict.kernel, verdict.target, verdict.outcome), {})
        jobs.setdefault((verdict.build, verdict.vector_bits), []).append(verdict)
    return [list(jobs.values()) for jobs in groups.values()]


def dealt(group: Group, per_job: int) -> list[Verdict]:
    """Return the worst of every job, then the second of every job, and so on."""
    rounds = zip_longest(*(job[:per_job] for job in group))
    return [verdict for one_of_each in rounds for verdict in one_of_each if verdict is not None]


def members(group: Group) -> list[Verdict]:
    """Return all failures of a group, a job after the other."""
    return [verdict for job in group for verdict in job]


def where_of(verdicts: Sequence[Verdict]) -> str:
    """Return at which widths and in which builds: "at 128, 256 bits, as gcc O2 plain"."""
    widths = sorted({verdict.vector_bits for verdict in verdicts if verdict.vector_bits})
    builds = list(dict.fromkeys(verdict.build for verdict in verdicts if verdict.build))
    told = [f"at {', '.join(map(str, widths))} bits"] if widths else []
    told += [f"as {builds[0]}" if len(builds) == 1 else f"in {len(builds)} builds"] if builds else []
    return ", ".join(told)
