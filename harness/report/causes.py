"""The causes of a run's failures, and its builds that differ, as the record has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.model import Verdict
from harness.report.run import RunResult

if TYPE_CHECKING:
    from harness.causes import Cause
    from harness.causes.builds import Disagreement


def together_of(run: RunResult, smallest: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return what the record says of the failures together. `smallest` has lines by the id of a failure."""
    return {
        "causes": [_cause_row(cause, smallest.get(cause.shown.id, ())) for cause in run.causes],
        "disagreements": [_disagreement_row(one) for one in run.disagreements],
    }


def _cause_row(cause: Cause, smallest: Sequence[str]) -> dict[str, Any]:
    return {
        "kernel": cause.shown.kernel,
        "outcome": cause.shown.outcome.value,
        "shown": cause.shown.id or None,
        "failures": len(cause.failures),
        "judged": cause.judged,
        "rule": cause.rule,
        "elements": cause.elements,
        "targets": _different(cause, lambda verdict: verdict.target),
        "vector_bits": sorted(_different(cause, lambda verdict: verdict.vector_bits)),
        "builds": _different(cause, lambda verdict: verdict.build),
        "suites": _different(cause, lambda verdict: verdict.suite),
        "smallest": list(smallest),
    }


def _different(cause: Cause, fact: Any) -> list[Any]:
    facts: Iterable[Any] = map(fact, sorted(cause.failures, key=_order))
    return [one for one in dict.fromkeys(facts) if one is not None]


def _order(verdict: Verdict) -> tuple[str, ...]:
    return verdict.target, verdict.build or "", verdict.suite or ""


def _disagreement_row(one: Disagreement) -> dict[str, Any]:
    return {
        "kernel": one.kernel,
        "target": one.target,
        "vector_bits": list(one.vector_bits),
        "outcomes": {outcome.value: list(builds) for outcome, builds in one.outcomes.items()},
        "cases": list(one.cases),
    }
