"""The smallest case that fails like one of a run, within some seconds: for replays, and for runs that failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from harness.build import Builder
from harness.causes import Cause
from harness.errors import HarnessError
from harness.execution.static_checks import with_judging_executor
from harness.judge import Judge
from harness.launch import load_of, observe
from harness.model import Case, Finding, Job, Outcome, Plan, Role, Verdict, number_text
from harness.numerics.inputs import InputStream
from harness.report.failures import drawn_lanes, vectors_text
from harness.report.table import SHOWN_FAILURES
from harness.shrinking import minimal
from harness.shrinking.search import Candidate, OutOfTimeError, Shrinker, Values
from harness.shrinking.trying import Trying

_CAUSES_PER_BUDGET = 4
"""All causes together may take so many times what one may."""
_LAST_CALL_S = 5.0
"""Time for the one call that says what comes of the smallest case."""
_DRAWN_ELEMENTS = 72
_OF_CALLS = (Outcome.CRASH, Outcome.TIMEOUT, Outcome.OUT_OF_BOUNDS, Outcome.STATE, Outcome.MISMATCH)


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What the search for the smallest case came to."""

    best: Candidate
    is_smaller: bool
    trying: Trying
    tried: int
    """Candidates that were run."""
    seconds: float
    is_complete: bool
    """Nothing smaller was found to fail alike; if not, the time was up."""


def shrink(trying: Trying, inputs: Values, budget_s: float) -> Shrunk:
    """Search for the smallest case that fails like the one of `trying`, for no more than `budget_s`."""
    start = time.monotonic()
    first = Candidate(trying.job.vector_bits, trying.case.sizes, trying.case.placement, inputs)
    shrinker = Shrinker(first, trying.space(), trying.fails)
    alarm = threading.Timer(budget_s, trying.cancelled.set)
    alarm.daemon = True
    alarm.start()
    is_complete = True
    try:
        shrinker.run()
    except OutOfTimeError:
        is_complete = False
    finally:
        alarm.cancel()
    seconds = time.monotonic() - start
    return Shrunk(shrinker.best, shrinker.best is not first, trying, shrinker.tried, seconds, is_complete)


# ---- of a run ------------------------------------------------------------------------------------------------------


def smallest_cases(
    plan: Plan, builder: Builder, causes: Sequence[Cause], budget_s: float, workers: int
) -> dict[str, list[str]]:
    """Make the failure that shows each cause smaller, and return the smallest in lines, by the failure's id.

    Each may take `budget_s`, and all together a few times as long; there is no entry for what did not get smaller, and
    none for what does not fail when it is run alone.
    """
    deadline = time.monotonic() + _CAUSES_PER_BUDGET * budget_s
    shown = [cause.shown for cause in causes[:SHOWN_FAILURES] if cause.shown.outcome in _OF_CALLS and cause.shown.id]

    def lines(verdict: Verdict) -> list[str]:
        left_s = min(budget_s, deadline - time.monotonic())
        try:
            return _smallest(plan, builder, verdict, left_s) if left_s > 0 else []
        except (HarnessError, OutOfTimeError):  # it helps, but the report is complete without it
            return []

    pool = ThreadPoolExecutor(workers)
    try:
        found = dict(zip((verdict.id for verdict in shown), pool.map(lines, shown), strict=True))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)  # on Ctrl-C the rest is not begun
    return {identity: text for identity, text in found.items() if text}


def _smallest(plan: Plan, builder: Builder, verdict: Verdict, budget_s: float) -> list[str]:
    planned_job, case = _case_of(plan, verdict)
    if planned_job is None or case is None or case.sites:
        return []
    start = time.monotonic()
    job = planned_job
    binary = builder.build(job.kernel, job.contract, job.build, job.isa_flags)
    job, _ = with_judging_executor(builder.backend, job, binary)
    inputs = InputStream().inputs(job.contract, case)
    alone = replace(job, cases=(case,))
    seen = observe(builder.backend, binary, job.executor, load_of(alone, {case.key: inputs}))
    (wanted,) = Judge(job.contract).findings(seen, alone.cases, alone.trials, {case.key: inputs})
    if wanted.outcome is not verdict.outcome:
        return []
    executors = {
        other.vector_bits: other.executor
        for other in plan.jobs
        if (other.kernel.id, other.target.name, other.build.label, other.role)
        == (job.kernel.id, job.target.name, job.build.label, job.role)
    }
    trying = Trying(builder.backend, binary, job, case, wanted, executors, start + budget_s)
    found = shrink(trying, inputs, max(0.0, start + budget_s - time.monotonic()))
    return list(_lines(found)) if found.is_smaller else []


def _case_of(plan: Plan, verdict: Verdict) -> tuple[Job | None, Case | None]:
    """Return the job and the case of a verdict; none of a gate."""
    for job in plan.jobs:
        where = (job.kernel.id, job.target.name, job.build.label, job.vector_bits)
        if where == (verdict.kernel, verdict.target, verdict.build, verdict.vector_bits) and job.role is not Role.GATE:
            of_suite = (case for case in job.cases if (case.suite, case.label) == (verdict.suite, verdict.case))
            return job, next(of_suite, None)
    return None, None


def _lines(found: Shrunk) -> Iterator[str]:
    """Say what the case is and what came of it, in one line, and draw its lanes in another."""
    trying, best = found.trying, found.best
    trying.cancelled.clear()
    trying.deadline = time.monotonic() + _LAST_CALL_S
    finding = trying.finding(best)
    numbers = [f"{name} = {value}" for name, value in best.sizes]
    numbers += [f"{name} = {number_text(value)}" for name, value in trying.case.scalars]
    where = f" at {best.vector_bits} bits" if best.vector_bits else ""
    values = [f"{name} = {text}" for name, text in minimal.values_by_name(best, trying.job.contract).items()]
    worst = finding.worst
    came = f": got {number_text(worst.got)}, want {number_text(worst.want)}" if worst else ""
    yield f"smallest case with the same failure{where}: {', '.join((*numbers, *values))}{came}"
    yield from _drawn(found, finding)


def _drawn(found: Shrunk, finding: Finding) -> Iterator[str]:
    """Draw the wrong elements of the output, or, of a returned value, the inputs that are not zero."""
    contract, best = found.trying.job.contract, found.best
    lanes = (best.vector_bits or 0) // contract.element_bits or 1
    drawn = drawn_lanes(finding.worst, lanes)
    if drawn:
        yield drawn
        return
    rows = {name: array for name, array in best.values.items() if lanes < array.size <= _DRAWN_ELEMENTS}
    if lanes > 1 and rows and finding.worst and finding.worst.output == "return":
        name, array = min(rows.items(), key=lambda item: int((item[1] != 0).sum()))
        drawn = vectors_text(["*" if value else "." for value in array != 0], 0, lanes)
        yield f"{name}[0..{array.size - 1}]: {drawn}  (* is not zero, | begins a vector)"
