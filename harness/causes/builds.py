"""Cases whose outcome depends on how the same source was built: undefined behaviour, or a compiler's fault. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.model import Outcome, Verdict

_NO_JUDGEMENT = frozenset(
    {
        Outcome.HARNESS_ERROR,
        Outcome.CONTRACT_ERROR,
        Outcome.BUILD_ERROR,
        Outcome.UNAVAILABLE,
        Outcome.NOT_APPLICABLE,
        Outcome.UNEXPECTED_PASS,
    }
)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Cases of one kernel on one target that come out alike: one way in some builds, another way in others."""

    kernel: str
    target: str
    outcomes: Mapping[Outcome, tuple[str, ...]]
    """By outcome, the worst first: the builds in which these cases have it."""
    vector_bits: tuple[int, ...]
    """The widths of these cases, ascending; none for code without vectors."""
    cases: tuple[str, ...]
    """Their ids, each once, in the order of the run."""


def disagreements(verdicts: Sequence[Verdict], builds: Mapping[str, Mapping[str, str]]) -> list[Disagreement]:
    """Return where builds of one source differ, decided case by case; of each kernel and target the commonest first.

    `builds` is by label; builds that were run in different ways are not compared: that would be about emulators.
    """
    seen: dict[tuple[object, ...], dict[Outcome, list[str]]] = {}
    for verdict in verdicts:
        if verdict.case is not None and verdict.build is not None and verdict.outcome not in _NO_JUDGEMENT:
            way = builds.get(verdict.build, {}).get("way")
            case = (verdict.kernel, verdict.target, verdict.vector_bits, verdict.suite, verdict.case, way)
            seen.setdefault(case, {}).setdefault(verdict.outcome, []).append(verdict.build)
    alike: dict[tuple[object, ...], list[tuple[object, ...]]] = {}
    for one, outcomes in seen.items():
        if len(outcomes) > 1:
            ordered = sorted(outcomes.items(), key=lambda item: item[0].severity)
            key = (*one[:2], tuple((outcome, tuple(names)) for outcome, names in ordered))
            alike.setdefault(key, []).append(one)
    order = {key[:2]: rank for rank, key in reversed([*enumerate(alike)])}
    ordered_keys = sorted(alike, key=lambda key: (order[key[:2]], -len(alike[key])))
    return [_disagreement(key, alike[key]) for key in ordered_keys]


def _disagreement(key: tuple[object, ...], cases: Sequence[tuple[object, ...]]) -> Disagreement:
    kernel, target, outcomes = key
    assert isinstance(outcomes, tuple)
    widths = {bits for _, _, bits, *_ in cases if isinstance(bits, int)}
    ids = dict.fromkeys(f"{suite}/{name}" for _, _, _, suite, name, _ in cases)
    return Disagreement(str(kernel), str(target), dict(outcomes), tuple(sorted(widths)), tuple(ids))
