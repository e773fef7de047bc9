"""What of a case besides its sizes may decide whether a kernel gets it right. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from harness.model import Case, Circumstances, Contract, Conventions, Pattern, Side, Trial
from harness.model.patterns import Peak, Special

_CACHE_LINE_BYTES = 64


def circumstances(contract: Contract, conventions: Conventions, case: Case, trials: Iterable[Trial]) -> Circumstances:
    """Return the circumstances of a case that is called once for each of `trials`."""
    pattern, sides = case.pattern, {trial.side for trial in trials}
    return Circumstances(
        scalars=case.scalars,
        pattern="" if pattern == contract.pattern else pattern.kind,
        value=_value(pattern),
        position=pattern.position if isinstance(pattern, Peak | Special) else None,
        alignment_bytes=_alignments(contract, conventions, case, sides),
        is_in_place=bool(case.placement.alias),
        guards="" if any(case.placement.offsets) else _guards(sides),
        is_judged=not case.is_unspecified,
    )


def _value(pattern: Pattern) -> str:
    match pattern:
        case Special(value=value):
            return value
        case Peak(is_lowest=True):
            return "lowest"
        case _:
            return ""


def _guards(sides: set[Side]) -> str:
    if len(sides) > 1:
        return "both"
    return "behind" if Side.END in sides else "before"


def _alignments(
    contract: Contract, conventions: Conventions, case: Case, sides: set[Side]
) -> tuple[tuple[str, int], ...]:
    """Return by buffer how its addresses are aligned, in bytes: the worst of them. The guest puts them there."""
    sizes, offsets, buffers = dict(case.sizes), case.placement.offsets, contract.prototype.buffers
    lies_at = {**{number: number for number in range(len(buffers))}, **dict(case.placement.alias)}
    found = []
    for number, parameter in enumerate(buffers):
        at = lies_at[number]
        sharing = [buffers[other] for other in lies_at if lies_at[other] == at]
        offset = offsets[at] * buffers[at].type.size_bytes if at < len(offsets) else 0
        promised = max(conventions.alignment.get(other.name, 1) for other in sharing)
        spans = (
            (contract.extents[other.name].count(sizes) + conventions.over_read.get(other.name, 0))
            * other.type.size_bytes
            for other in sharing
        )
        spans_by_side = {Side.START: 0, Side.END: max(spans)}
        # A buffer lies that far from a guard page, or farther until its address is what callers promise.
        distances = [
            offset + span + -(offset + span) % promised for side, span in spans_by_side.items() if side in sides
        ]
        found.append((parameter.name, min(map(_alignment, distances), default=_CACHE_LINE_BYTES)))
    return tuple(found)


def _alignment(distance_bytes: int) -> int:
    """Return the largest power of two that divides a distance from a page's end, up to a cache line."""
    return distance_bytes & -distance_bytes if distance_bytes % _CACHE_LINE_BYTES else _CACHE_LINE_BYTES
