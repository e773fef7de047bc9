"""How failures are reported: each cause once, by the failure that teaches, with what all of them have in common."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from harness.model import Outcome, Verdict, Worst, number_text

if TYPE_CHECKING:
    from harness.causes import Cause
    from harness.causes.builds import Disagreement

_NAMED_BUILDS = 5
_NAMED_SUITES = 3
_LINE_CHARACTERS = 120


def dealt(cause: Cause, per_job: int) -> list[Verdict]:
    """Return the failure that teaches, then the worst of every job, then the second of every job, and so on."""
    jobs: dict[object, list[Verdict]] = {}
    for verdict in cause.failures[1:]:
        jobs.setdefault((verdict.target, verdict.build, verdict.vector_bits), []).append(verdict)
    rounds = zip_longest(*(job[:per_job] for job in jobs.values()))
    return [cause.shown, *(verdict for one_of_each in rounds for verdict in one_of_each if verdict is not None)]


def where_of(verdicts: Sequence[Verdict]) -> str:
    """Return where failures show: "at 128, 256 bits, on sve, a64fx, as gcc O2 plain, in 4 suites"."""
    shown = verdicts[0]
    widths = sorted({verdict.vector_bits for verdict in verdicts if verdict.vector_bits})
    parts = [f"at {', '.join(map(str, widths))} bits"] if widths else []
    targets = list(dict.fromkeys(verdict.target for verdict in verdicts))
    parts += [f"on {', '.join(targets)}"] if targets != [shown.target] else []
    builds = list(dict.fromkeys(verdict.build for verdict in verdicts if verdict.build))
    parts += [f"as {builds[0]}" if len(builds) == 1 else f"in {len(builds)} builds"] if builds else []
    suites = list(dict.fromkeys(verdict.suite for verdict in verdicts if verdict.suite))
    if suites and suites != [shown.suite]:
        named = f"suites {', '.join(suites)}" if len(suites) <= _NAMED_SUITES else f"{len(suites)} suites"
        parts.append(f"in {named}")
    kernels = dict.fromkeys(verdict.kernel for verdict in verdicts)
    parts += [f"of {', '.join(kernels)}"] if len(kernels) > 1 else []
    return ", ".join(parts)


def common_lines(cause: Cause) -> list[str]:
    """Return what all failures of a cause have in common: the rule, and which elements are wrong."""
    parts = [line for line in (cause.rule, cause.elements) if line]
    joined = "; ".join(parts)
    return parts if len(joined) > _LINE_CHARACTERS else [joined] if joined else []


def symptoms(cause: Cause) -> str:
    """Return the other outcomes that a cause has: "12 of them OUT_OF_BOUNDS"; empty where there is one."""
    counts: dict[Outcome, int] = {}
    for verdict in cause.failures:
        counts[verdict.outcome] = counts.get(verdict.outcome, 0) + 1
    others = [f"{count} {outcome.value}" for outcome, count in counts.items() if outcome is not cause.shown.outcome]
    return f"{', '.join(others)} among them" if others else ""


def more_of(cause: Cause) -> str:
    """Return how many more failures a cause has, and where; empty where it has one."""
    if len(cause.failures) < 2:
        return ""
    where = ", ".join(filter(None, (where_of(cause.failures), symptoms(cause))))
    return f"{len(cause.failures) - 1} more failures of this cause, {where}"


# ---- numbers and lanes ---------------------------------------------------------------------------------------------


def worst_text(worst: Worst) -> str:
    """Return what came and what was due, and how far apart they may be: exact comparisons have no ULPs."""
    name = "the returned value" if worst.output == "return" else f"{worst.output}[{worst.element}]"
    text = f"{name}: got {number_text(worst.got)}, want {number_text(worst.want)}"
    if worst.tolerance == 0:
        return f"{text} exactly"
    if worst.ulp is not None:
        apart = f", {worst.ulp:.4g} ULP apart" if math.isfinite(worst.ulp) else ""
    else:
        apart = f", {number_text(abs(worst.got - worst.want))} apart"
    return f"{text}{apart}" + (f"; tolerance {worst.tolerance:.3g}" if math.isfinite(worst.tolerance) else "")


def used_share(got: float, want: float, tolerance: float) -> float:
    """Return how much of the tolerance an element uses; infinite for a wrong class."""
    if got == want or (math.isnan(got) and math.isnan(want)):
        return 0.0
    error = abs(got - want)
    return error / tolerance if tolerance > 0 and math.isfinite(error) else math.inf


def lanes_of(verdict: Verdict) -> int:
    """Return how many elements of the op a vector has; 1 for code without vectors."""
    return (verdict.vector_bits or 0) // (verdict.element_bits or 1) or 1


def drawn_lanes(worst: Worst | None, lanes: int) -> str:
    """Return the elements around the worst as a drawing of vectors; empty where there are none to draw."""
    if worst is None or worst.window is None or worst.output == "return" or lanes == 1:
        return ""
    window = worst.window
    shares = [used_share(*values) for values in zip(window.got, window.want, window.tolerance, strict=True)]
    if len(shares) == 1 or all(share <= 1 for share in shares):
        return ""
    drawn = vectors_text(["." if share <= 1 else "X" for share in shares], window.first, lanes)
    last = window.first + len(shares) - 1
    return f"{worst.output}[{window.first}..{last}]: {drawn}  (X is wrong, | begins a vector)"


def vectors_text(marks: Sequence[str], first: int, lanes: int) -> str:
    """Return marks in a row, with a bar wherever a vector begins."""
    return "".join(f"|{mark}" if index % lanes == 0 else mark for index, mark in enumerate(marks, first))


# ---- builds that differ --------------------------------------------------------------------------------------------


def disagreement_text(one: Disagreement) -> str:
    """Return a disagreement in words."""
    width = f" at {', '.join(map(str, one.vector_bits))} bits" if one.vector_bits else ""
    failing = [outcome for outcome in one.outcomes if outcome is not Outcome.PASS]
    parts = []
    for outcome, builds in one.outcomes.items():
        names = ", ".join(builds) if len(builds) <= _NAMED_BUILDS else builds_text(builds)
        verb = "passes" if outcome is Outcome.PASS else "fails" if len(failing) == 1 else outcome.value
        parts.append(f"{verb} as {names}")
    cases = one.cases[0] if len(one.cases) == 1 else f"{len(one.cases)} cases, such as {one.cases[0]}"
    return f"{one.kernel} on {one.target}{width}: {'; '.join(parts)} ({cases})"


def builds_text(builds: Sequence[str]) -> str:
    """Write several builds as a product, "gcc,clang O0,O2 plain", where they are one; else count them."""
    parts = [build.split(" ") for build in builds]
    if len({len(words) for words in parts}) > 1:  # a compiler given by a path with blanks in it
        return f"{len(builds)} builds"
    factors = [list(dict.fromkeys(words)) for words in zip(*parts, strict=True)]
    if len(factors) <= 4 and math.prod(len(factor) for factor in factors) == len(builds):
        return " ".join(",".join(factor) for factor in factors)
    return builds[0] if len(builds) == 1 else f"{len(builds)} builds"
