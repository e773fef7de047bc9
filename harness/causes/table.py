"""What was observed of one kernel, as columns: the cases, the jobs, and which case failed in which job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.model import Outcome, Verdict

Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]

JOB_FACTS = ("target", "compiler", "opt", "variant", "build")
"""What separates the jobs of a kernel, besides their width, which belongs to the case: its sizes follow it."""


@dataclass(frozen=True, slots=True)
class Cases:
    """The different cases of one kernel at their widths: an entry of each column for each."""

    count: int
    sizes: Mapping[str, Numbers]
    vector_bits: Numbers
    """0 for code without vectors."""
    lanes: Numbers
    """Elements per vector; 0 for code without vectors."""
    suite: NDArray[np.str_]
    pattern: NDArray[np.str_]
    """Empty for ordinary rows."""
    value: NDArray[np.str_]
    position: Numbers
    """Of a special value or a peak; -1 where all elements hold it, or none."""
    scalars: Mapping[str, NDArray[np.float64]]
    alignment_bytes: Mapping[str, Numbers]
    """By buffer."""
    is_in_place: Mask
    guards: NDArray[np.str_]
    is_first: Mask
    """Of its job."""
    signs: NDArray[np.str_]
    outcomes: frozenset[Outcome]
    """Of all failures."""

    @property
    def is_ordinary(self) -> Mask:
        """Which of them are drawn from the op's own pattern."""
        ordinary: Mask = self.pattern == ""
        return ordinary


@dataclass(frozen=True, slots=True)
class Scope:
    """Which cases, or jobs, a condition must hold for, and among which it is looked for."""

    covered: Mask
    among: Mask
    """Those and all others that the rule is about."""

    def split(self, values: NDArray[Any]) -> tuple[list[Any], list[Any]]:
        """Return the different values of those that are covered, and the values that only others have; ascending."""
        seen = np.unique(values[self.covered])
        return seen.tolist(), np.setdiff1d(np.unique(values[self.among]), seen).tolist()


@dataclass(frozen=True, slots=True)
class Table:
    """Judged cases of one kernel, each in one job."""

    cases: Cases
    jobs: Mapping[str, NDArray[np.str_]]
    """By fact of JOB_FACTS, an entry for each job."""
    case_of: Numbers
    """By observation."""
    job_of: Numbers
    has_failed: Mask
    """By observation; what did not fail passed."""


def tabulated(
    verdicts: Sequence[Verdict], failing: Iterable[Verdict], builds: Mapping[str, Mapping[str, str]]
) -> Table:
    """Return the table of one kernel's verdicts, of which some failed.

    `builds` says by label which compiler, level and variant a build is made of.
    """
    failed = {id(verdict) for verdict in failing}
    cases: dict[object, tuple[int, Verdict]] = {}
    jobs: dict[tuple[str, str], int] = {}
    case_of, job_of = [], []
    for verdict in verdicts:
        key = (verdict.sizes, verdict.vector_bits, verdict.suite, verdict.circumstances)
        case_of.append(cases.setdefault(key, (len(cases), verdict))[0])
        job_of.append(jobs.setdefault((verdict.target, verdict.build or ""), len(jobs)))
    has_failed = np.fromiter((id(verdict) in failed for verdict in verdicts), bool, len(verdicts))
    outcomes = frozenset(verdict.outcome for verdict in verdicts if id(verdict) in failed)
    return Table(
        _cases([verdict for _, verdict in cases.values()], outcomes),
        _jobs(list(jobs), builds),
        np.array(case_of, np.int64),
        np.array(job_of, np.int64),
        has_failed,
    )


def _jobs(jobs: Sequence[tuple[str, str]], builds: Mapping[str, Mapping[str, str]]) -> dict[str, NDArray[np.str_]]:
    parts = [{"target": target, "build": build, **builds.get(build, {})} for target, build in jobs]
    return {fact: np.array([part.get(fact, "") for part in parts], np.str_) for fact in JOB_FACTS}


def _cases(verdicts: Sequence[Verdict], outcomes: frozenset[Outcome]) -> Cases:
    found = [verdict.circumstances for verdict in verdicts]
    sizes = [dict(verdict.sizes) for verdict in verdicts]
    scalars = [dict(one.scalars) for one in found]
    alignments = [dict(one.alignment_bytes) for one in found]
    bits = np.array([verdict.vector_bits or 0 for verdict in verdicts], np.int64)
    element_bits = np.array([verdict.element_bits or 1 for verdict in verdicts], np.int64)
    return Cases(
        count=len(verdicts),
        sizes={name: _column(sizes, name) for name in _names(sizes)},
        vector_bits=bits,
        lanes=bits // element_bits,
        suite=np.array([verdict.suite or "" for verdict in verdicts], np.str_),
        pattern=np.array([one.pattern for one in found], np.str_),
        value=np.array([one.value for one in found], np.str_),
        position=np.array([-1 if one.position is None else one.position for one in found], np.int64),
        scalars={name: np.array([row.get(name, np.nan) for row in scalars], float) for name in _names(scalars)},
        alignment_bytes={name: _column(alignments, name) for name in _names(alignments)},
        is_in_place=np.array([one.is_in_place for one in found], bool),
        guards=np.array([one.guards for one in found], np.str_),
        is_first=np.array([one.is_first for one in found], bool),
        signs=np.array([one.signs for one in found], np.str_),
        outcomes=outcomes,
    )


def _names(rows: Iterable[Mapping[str, float]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _column(rows: Iterable[Mapping[str, int]], name: str) -> Numbers:
    return np.array([row.get(name, 0) for row in rows], np.int64)
