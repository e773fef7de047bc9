"""Runs candidates of the search for the smallest case: many in one guest process, judged like any other case."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.backend import Backend
from harness.errors import ContractError
from harness.execution.upper_halves import without_uppers
from harness.judge import Judge
from harness.judge.reference import Oracle
from harness.launch import load_of, observe
from harness.model import Binary, Case, Executor, Finding, Job, Outcome
from harness.model.guarded import in_time
from harness.model.patterns import Chosen, Dominant, Peak, Sparse, Special
from harness.numerics.inputs import InputStream
from harness.plan.sizes import holds
from harness.shrinking.search import Candidate, OutOfTimeError, Sizes, Space, Values

_TIMEOUTS_AT_ONCE = 2
"""Candidates in a process where calls are expected not to end."""
_NOT_REDRAWN = (Dominant, Peak, Special, Sparse)
"""Patterns about single elements of one size."""


@dataclass(slots=True)
class Trying:
    """Says of candidates whether they fail like one case did."""

    backend: Backend
    binary: Binary
    job: Job
    case: Case
    wanted: Finding
    executors: Mapping[int | None, Executor]
    """By vector length."""
    deadline: float
    """By the monotonic clock."""
    uppers_are_excused: bool = False
    """Upper halves of registers that are left in use are the compiler's doing."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set at the deadline, it ends the process at work."""
    processes: int = 0
    _numbers: count[int] = field(default_factory=count)
    _drawing: InputStream = field(default_factory=InputStream)

    def space(self) -> Space:
        """Say what candidates may be."""
        bits = self.job.vector_bits
        return Space(
            widths=sorted(width for width in self.executors if width and bits and width < bits),
            lanes=lambda width: max(1, (width or 0) // self.job.contract.element_bits),
            may_have=lambda sizes, width: holds(self.job.kernel.conventions, sizes, width) and self._fit(sizes),
            lengths=self._lengths,
            drawn=self._drawn,
        )

    def _lengths(self, sizes: Sizes) -> Mapping[str, int]:
        contract = self.job.contract
        known = dict(sizes)
        return {name: extent.count(known) for name, extent in contract.extents.items()}

    def _fit(self, sizes: Sizes) -> bool:
        """Whether rows do not overlap: a distance of rows is no less than their length."""
        try:
            for extent in self.job.contract.extents.values():
                extent.shape(dict(sizes))
        except ContractError:
            return False
        return True

    def _drawn(self, sizes: Sizes) -> Values | None:
        if isinstance(self.case.pattern, _NOT_REDRAWN):
            return None
        return self._drawing.inputs(self.job.contract, replace(self.case, sizes=sizes))

    def fails(self, candidates: Sequence[Candidate]) -> list[bool]:
        """Run candidates of one width in one process, or a few at a time if they are not to end.

        Raises:
            OutOfTimeError: the deadline has passed.
        """
        step = _TIMEOUTS_AT_ONCE if self.wanted.outcome is Outcome.TIMEOUT else len(candidates)
        found: list[bool] = []
        for at in range(0, len(candidates), max(1, step)):
            found += self._fails(candidates[at : at + step])
        return found

    def _fails(self, candidates: Sequence[Candidate]) -> list[bool]:
        if time.monotonic() > self.deadline:
            raise OutOfTimeError
        cases = {number: self._case(one) for number, one in enumerate(candidates)}
        sound = [number for number, one in enumerate(candidates) if self._is_sound(cases[number], one)]
        if not sound:
            return [False] * len(candidates)
        job = replace(
            self.job,
            cases=tuple(cases[number] for number in sound),
            vector_bits=candidates[0].vector_bits,
            executor=self.executors[candidates[0].vector_bits],
        )
        inputs = {cases[number].key: self._with_gaps(cases[number], candidates[number].values) for number in sound}
        findings = self._findings(job, inputs)
        alike = {number for number, finding in zip(sound, findings, strict=True) if is_alike(finding, self.wanted)}
        return [number in alike for number in range(len(candidates))]

    def finding(self, one: Candidate) -> Finding:
        """Run one candidate and return what the judge says of it.

        Raises:
            OutOfTimeError: the deadline has passed.
        """
        case = self._case(one)
        job = replace(self.job, cases=(case,), vector_bits=one.vector_bits, executor=self.executors[one.vector_bits])
        return self._findings(job, {case.key: self._with_gaps(case, one.values)})[0]

    def _with_gaps(self, case: Case, values: Values) -> Values:
        """Add what stands between the rows of an output that had none apart before its rows became shorter."""
        sizes = dict(case.sizes)
        layouts = {name: self.job.contract.layout(name, sizes) for name in self.job.contract.flows}
        if all(name in values or not layout or not layout.has_gaps for name, layout in layouts.items()):
            return values
        return {**self._drawing.inputs(self.job.contract, case), **values}

    def _findings(self, job: Job, inputs: Mapping[int, Values]) -> list[Finding]:
        self.processes += 1
        seen = observe(self.backend, self.binary, job.executor, load_of(job, inputs), self.cancelled)
        if self.cancelled.is_set():
            raise OutOfTimeError
        if self.uppers_are_excused:
            seen = without_uppers(seen)
        attested = seen.attestation.get(job.width_fact) if job.width_fact else None
        if seen.attestation and attested != job.vector_bits:
            return [Finding(Outcome.HARNESS_ERROR)] * len(job.cases)
        return in_time(lambda: Judge(job.contract).findings(seen, job.cases, job.trials, inputs))

    def _case(self, one: Candidate) -> Case:
        """Make a case of a candidate. Chosen values may make all rounding errors go one way: their bounds are wider."""
        pattern = Chosen(is_directed=self.case.pattern.is_directed or not one.is_drawn)
        number = next(self._numbers)
        return replace(
            self.case,
            label=f"shrunk{number}",
            sizes=one.sizes,
            pattern=pattern,
            placement=one.placement,
            key=number,
        )

    def _is_sound(self, case: Case, one: Candidate) -> bool:
        """Whether the contract says what is due, in numbers where it was numbers before."""
        try:
            wants = self.wants(case, one.values)
        except ContractError:
            return False
        had_others = not all(np.isfinite(array.astype(np.float64)).all() for array in one.values.values())
        return had_others or all(np.isfinite(want).all() for want in wants.values())

    def wants(self, case: Case, values: Values) -> dict[str, NDArray[np.float64]]:
        """Return what each output must be.

        Raises:
            ContractError: the reference does not hold there.
        """
        if case.is_unspecified:
            return {}
        return in_time(lambda: self._expected(case, values))

    def _expected(self, case: Case, values: Values) -> dict[str, NDArray[np.float64]]:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            expected = Oracle(self.job.contract).expect(case, values)
        return {name: one.want for name, one in expected.items()}

    def wanted_of(self, one: Candidate) -> dict[str, NDArray[Any]]:
        """Return what each output of a candidate must be."""
        return self.wants(self._case(one), one.values)


def is_alike(one: Finding, other: Finding) -> bool:
    """Whether two failures are of one kind."""
    return one.outcome is other.outcome and one.depends_on_fill == other.depends_on_fill
