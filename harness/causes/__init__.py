"""What went wrong, once for each cause: which failures belong together, what they have in common, which one teaches.

Pure: verdicts in, causes out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.causes.common import Common, common_of, everywhere
from harness.causes.elements import elements_text
from harness.causes.table import JOB_FACTS, Mask, Table, tabulated
from harness.model import Outcome, Verdict, reading_order

Builds = Mapping[str, Mapping[str, str]]
"""By a build's label: its compiler, level and variant."""
GATE_SUITE = "gate"
_NOT_FAILED = frozenset({Outcome.PASS, Outcome.EXPECTED_FAILURE, Outcome.UNAVAILABLE, Outcome.NOT_APPLICABLE})
_OF_CALLS = frozenset({Outcome.CRASH, Outcome.TIMEOUT, Outcome.OUT_OF_BOUNDS, Outcome.STATE, Outcome.MISMATCH})
"""How a kernel that was called may fail: one fault may show in several ways."""
_OWN_CASES = 3
"""Different cases from which failures of special values may have a cause of their own."""
_OF_VALUES = frozenset({"value", "position", "one position", "width", *JOB_FACTS})
"""What the rule of such a cause may be about."""
_NUMBER = re.compile(r"0x[0-9a-f]+|\d+")


@dataclass(frozen=True, slots=True)
class Cause:
    """Failures that have one cause, as far as outcomes show."""

    failures: tuple[Verdict, ...]
    """The one to look at first, then the others, the worst first."""
    judged: int
    """Cases of the kernel that were judged, over all builds and widths; 0 where it is about no cases."""
    rule: str = ""
    """What they have in common and nothing that passed has, in a sentence; empty if there is nothing simple."""
    elements: str = ""
    """Which elements alone are wrong, in words; empty where that is not known, or any may be."""

    @property
    def shown(self) -> Verdict:
        """The failure that teaches: the smallest ordinary row, where one failed."""
        return self.failures[0]


def causes_of(verdicts: Sequence[Verdict], builds: Builds) -> list[Cause]:
    """Return the causes of all failures of a run, the worst first."""
    kernels: dict[str, list[Verdict]] = {}
    failing: dict[tuple[str, ...], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.outcome not in _NOT_FAILED:
            failing.setdefault(_kind(verdict), []).append(verdict)
        elif verdict.outcome is Outcome.PASS and verdict.case is not None and verdict.suite != GATE_SUITE:
            kernels.setdefault(verdict.kernel, []).append(verdict)
    causes: list[Cause] = []
    for kind, failures in _with_gates(failing).items():
        if kind[0] == "call":
            causes += _of_calls(kernels.get(failures[0].kernel, []), failures, builds)
        else:
            causes.append(Cause(tuple(sorted(failures, key=_teaching)), 0))
    return sorted(causes, key=lambda cause: min(_badness(verdict) for verdict in cause.failures))


def _kind(verdict: Verdict) -> tuple[str, ...]:
    """Return what failures of one cause share for certain."""
    match verdict.outcome:
        case Outcome.CONTRACT_ERROR:
            return ("contract", verdict.kernel.partition("/")[0], verdict.finding.source_line)
        case Outcome.HARNESS_ERROR:
            return ("harness", verdict.kernel, _NUMBER.sub("#", verdict.finding.detail))
        case Outcome.BUILD_ERROR:
            return ("build", verdict.kernel, verdict.finding.source_line)
        case outcome if verdict.suite == GATE_SUITE or outcome not in _OF_CALLS:
            return (verdict.suite or outcome.value, verdict.kernel)
        case _:
            return ("call", verdict.kernel)


def _with_gates(failing: Mapping[tuple[str, ...], list[Verdict]]) -> dict[tuple[str, ...], list[Verdict]]:
    """Put what the gate says of an instruction to the crashes at that instruction."""
    groups = dict(failing)
    for kind, failures in failing.items():
        crashed = groups.get(("call", kind[1]), []) if kind[0] == GATE_SUITE else []
        lines = {verdict.finding.source_line for verdict in crashed if verdict.outcome is Outcome.CRASH} - {""}
        if any(line in verdict.finding.detail for line in lines for verdict in failures):
            groups["call", kind[1]] = [*crashed, *groups.pop(kind)]
    return groups


def _teaching(verdict: Verdict) -> tuple[object, ...]:
    """Order failures of one cause: the worst outcome, what has a line of the source, the smallest ordinary row."""
    where = (verdict.vector_bits or 0, *_badness(verdict))
    small = reading_order(verdict.sizes, verdict.circumstances)
    return (verdict.outcome.severity, not verdict.finding.source_line, *small, *where)


def _badness(verdict: Verdict) -> tuple[int, float]:
    headroom = verdict.finding.headroom
    return verdict.outcome.severity, headroom if headroom is not None and not math.isnan(headroom) else -math.inf


# ---- failures of calls ---------------------------------------------------------------------------------------------


def _of_calls(passes: Sequence[Verdict], failures: Sequence[Verdict], builds: Builds) -> list[Cause]:
    """Return the causes of the failing calls of one kernel: one, and perhaps another for special values."""
    gates = [verdict for verdict in failures if verdict.suite == GATE_SUITE]
    of_cases = [verdict for verdict in failures if verdict.suite != GATE_SUITE]
    is_compared = any(verdict.outcome is Outcome.MISMATCH for verdict in of_cases)
    judged = [*of_cases, *(one for one in passes if one.circumstances.is_judged or not is_compared)]
    table = tabulated(judged, of_cases, builds)
    is_one = table.cases.count == 1 and table.has_failed.all()  # which has nothing in common with itself
    common = None if is_one else common_of(table, table.has_failed)
    special, of_special = _apart(table, common)
    if special.any():
        common = common_of(table, table.has_failed & ~special)
    causes = []
    for chosen, found, more in ((table.has_failed & ~special, common, gates), (special, of_special, [])):
        members = [judged[number] for number in np.flatnonzero(chosen)] + more
        if members:
            rule = found.text if found else ""
            causes.append(Cause(tuple(sorted(members, key=_teaching)), len(judged), rule, elements_text(members)))
    return causes


def _apart(table: Table, common: Common | None) -> tuple[Mask, Common | None]:
    """Return the failures of special values that have a cause of their own, and what these have in common.

    They are not what the rule for other rows explains, and which values they are separates them from all that passed.
    """
    is_special = table.has_failed & (table.cases.pattern == "special")[table.case_of]
    nothing = np.zeros_like(is_special)
    is_explained = common is not None and not common.domain.rows and not common.domain.where
    if is_explained or not is_special.any() or is_special.sum() == table.has_failed.sum():
        return nothing, None
    left = is_special & ~common.rule.holds(table) if common else is_special
    if np.unique(table.case_of[left]).size < _OWN_CASES:
        return nothing, None
    found = everywhere(table, left)
    about = {one.about for one in found.rule.conditions} if found else set()
    return (left, found) if "value" in about and about <= _OF_VALUES else (nothing, None)
