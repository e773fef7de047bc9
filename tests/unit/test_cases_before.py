"""No case of the bundled contracts got lost when their suites came to be derived: the list of before says so.

`tests/data/cases_before.json.gz` has, by op, suite, and "pattern | placement | scalars", the sizes of the cases with
how many there were at each width: "0:1 128:2" is one without vectors, and two at 128 bits. Its suite "visible" is
called "sensitivity" now.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from harness.model import Case, Pattern, Placement, Selection, Suite
from harness.model.patterns import Dominant, Normal, Peak, Sparse, Special, UniformIntegers
from harness.plan import make_cases
from harness.project import bundled_contract

BEFORE = Path(__file__).parents[1] / "data" / "cases_before.json.gz"

ABSENCES = {
    ("relu_f32", "huge"): "half of the dominant elements were negative, and so zero in the result like all the others",
}
"""By op and suite, why cases are no longer there as they were: others are, as many of each size."""

Key = tuple[str, str]
"""A case but for its suite: "pattern | placement | scalars", and its sizes."""


@cache
def saved() -> dict[str, dict[str, dict[str, dict[str, list[str]]]]]:
    found: dict[str, dict[str, dict[str, dict[str, list[str]]]]] = json.loads(gzip.decompress(BEFORE.read_bytes()))
    return found


OPS = sorted(saved())
WIDTHS = (None, 128, 256, 512, 1024, 2048)


def exponents(pattern: Normal | Dominant | Sparse) -> str:
    low, high = pattern.scale_exponents
    return f" 2^{low}..{high}" if (low, high) != (0, 0) else ""


def pattern_text(pattern: Pattern) -> str:
    match pattern:
        case Normal():
            return f"normal{exponents(pattern)}"
        case Dominant() | Sparse():
            text = f"{pattern.kind} {pattern.low:g}..{pattern.high:g}{exponents(pattern)}"
            text += "" if pattern.is_signed else " unsigned"
            text += " directed" if pattern.is_directed else ""
            if isinstance(pattern, Sparse):
                return f"{text} at {','.join(map(str, pattern.sites))}"
            text += f" background {pattern.background:g}" if pattern.background else ""
            text += f" in {','.join(pattern.buffers)}" if pattern.buffers else ""
            return f"{text} part {pattern.part} of {pattern.parts}"
        case Peak():
            text = f"{'lowest' if pattern.is_lowest else 'highest'} at {pattern.position}"
            return text + ("" if pattern.is_signed else " unsigned")
        case Special():
            return pattern.value + ("" if pattern.position is None else f" at {pattern.position}")
        case UniformIntegers():
            return f"integers {pattern.low}..{pattern.high}"
        case _:
            return pattern.kind


def placement_text(placement: Placement) -> str:
    apart = [f"offsets {','.join(map(str, placement.offsets))}"] if placement.offsets else []
    return "; ".join([*apart, *(f"{mine} on {theirs}" for mine, theirs in placement.alias)])


def key_of(case: Case) -> Key:
    scalars = " ".join(f"{name}={value!r}" for name, value in case.scalars)
    how = " | ".join((pattern_text(case.pattern), placement_text(case.placement), scalars))
    return how, " ".join(f"{name}={size}" for name, size in case.sizes)


@cache
def before(op: str) -> dict[int, Counter[tuple[str, Key]]]:
    """By width, the cases with their suites."""
    found: dict[int, Counter[tuple[str, Key]]] = {width or 0: Counter() for width in WIDTHS}
    for suite, by_how in saved()[op].items():
        for how, by_counts in by_how.items():
            for counts, several in by_counts.items():
                for width, count in (pair.split(":") for pair in counts.split()):
                    for sizes in several:
                        found[int(width)][suite, (how, sizes)] += int(count)
    return found


def part_of(suite: Suite) -> tuple[bool, bool, bool]:
    return suite.is_proving, suite.is_in_one_build, suite.is_on_request


PARTS = {"visible": (True, False, False), "long": (True, True, False), "huge": (False, False, True)}


@pytest.mark.parametrize(
    "vector_bits", [width if (width or 0) <= 512 else pytest.param(width, marks=pytest.mark.slow) for width in WIDTHS]
)
@pytest.mark.parametrize("op", OPS)
def test_every_case_is_still_there(op: str, vector_bits: int | None) -> None:
    contract = bundled_contract(op)
    everything = Selection(suites=tuple(contract.suites))
    now = Counter(
        (part_of(contract.suites[case.suite]), key_of(case))
        for case in make_cases(contract, contract.conventions, everything, vector_bits)
    )
    wanted: dict[str, Counter[tuple[tuple[bool, bool, bool], Key]]] = {}
    for (suite, key), count in before(op)[vector_bits or 0].items():
        wanted.setdefault(suite, Counter())[PARTS.get(suite, (False, False, False)), key] += count
    for suite, cases in wanted.items():
        missing = cases - now
        now -= cases
        if (op, suite) in ABSENCES:
            assert missing, "an absence that is none"
            assert {key[1] for _, key in missing} == {key[1] for part, key in now if part == PARTS[suite]}
        else:
            assert not missing, (suite, sum(missing.values()), list(missing)[:3])
