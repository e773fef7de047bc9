"""What failures have in common: the rule that a maintainer would say, where it has no exception, else nothing."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from harness.causes import causes_of
from harness.causes.common import common_of
from harness.causes.table import tabulated
from harness.model import Axis, Circumstances, Finding, Outcome, Verdict, Wrong

SIZES = (*range(34), 47, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1000, 1024, 1025)
LABELS = tuple(" ".join(parts) for parts in product(("gcc", "clang"), ("O0", "O2"), ("plain", "hostile")))
BUILDS = {label: dict(zip(("compiler", "opt", "variant"), label.split(), strict=True)) for label in LABELS}
PASSED, WRONG = Finding(Outcome.PASS), Finding(Outcome.MISMATCH)

Fails = Callable[[Verdict], bool]


def case(
    size: int = 33,
    bits: int | None = 128,
    build: str = "gcc O2 plain",
    *,
    sizes: tuple[tuple[str, int], ...] = (),
    suite: str = "boundary",
    kernel: str = "op_f32/neon",
    target: str = "neon",
    **found: object,
) -> Verdict:
    """One case that passed; `found` are its circumstances."""
    named = sizes or (("len", size),)
    label = "-".join(f"{name}{number}" for name, number in named) + repr(sorted(found.items()))
    return Verdict(
        kernel=kernel,
        target=target,
        build=build,
        vector_bits=bits,
        attested_vector_bits=bits,
        element_bits=32,
        emulator="qemu-user",
        suite=suite,
        case=label,
        finding=PASSED,
        reproduce="",
        named=False,
        sizes=named,
        circumstances=Circumstances(**{"guards": "both", **found}),  # type: ignore[arg-type]
    )


def cases(
    sizes: Iterable[int] = SIZES, bits: Iterable[int | None] = (128,), builds: Iterable[str] = LABELS
) -> list[Verdict]:
    return [case(size, width, build) for size, width, build in product(sizes, bits, builds)]


def judged(verdicts: Iterable[Verdict], fails: Fails) -> list[Verdict]:
    return [replace(verdict, finding=WRONG) if fails(verdict) else verdict for verdict in verdicts]


def rule_of(verdicts: Iterable[Verdict], fails: Fails) -> str:
    """The rule of the one cause that these failures must have."""
    (cause,) = causes_of(judged(verdicts, fails), BUILDS)
    return cause.rule


def length(verdict: Verdict) -> int:
    return dict(verdict.sizes)["len"]


def lanes(verdict: Verdict) -> int:
    return (verdict.vector_bits or 32) // 32


def bits(verdict: Verdict) -> int:
    return verdict.vector_bits or 0


# ---- sizes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", [1, 2, 3])
def test_a_predicate_that_is_wrong_for_some_leftover_lanes(left: int) -> None:
    assert rule_of(cases(), lambda v: length(v) % 4 == left) == f"fails exactly where len % lanes is {left} (4 lanes)"


def test_a_predicate_that_is_wrong_for_all_leftover_lanes() -> None:
    said = "fails exactly where len % lanes is 1, 2 or 3 (4 lanes)"
    assert rule_of(cases(), lambda v: length(v) % 4 > 0) == said


def test_a_tail_at_every_width() -> None:
    several = cases(bits=(128, 256, 512))
    assert rule_of(several, lambda v: length(v) % lanes(v) > 0) == "fails exactly where len % lanes is not 0"
    said = "fails exactly where len % (4 * lanes) is not 0"
    assert rule_of(several, lambda v: length(v) % (4 * lanes(v)) > 0) == said


def test_an_unroll_by_two_with_a_tail_of_one() -> None:
    of_element = "fails exactly where len % (2 * lanes) is 1 (4 lanes)"
    assert rule_of(cases(), lambda v: length(v) % 8 == 1) == of_element
    of_vector = "fails exactly where len % (2 * lanes) >= lanes (4 lanes)"
    assert rule_of(cases(), lambda v: length(v) % 8 >= 4) == of_vector
    assert (
        rule_of(cases(bits=(256, 512)), lambda v: length(v) % (2 * lanes(v)) >= lanes(v))
        == of_vector.partition(" (4")[0]
    )


def test_whole_vectors_alone_are_wrong() -> None:
    """A horizontal maximum instead of a sum, an accumulator that is forgotten."""
    assert rule_of(cases(), lambda v: length(v) >= 4) == "fails exactly where len >= lanes (4 lanes)"
    several = cases(bits=(128, 256, 512))
    assert rule_of(several, lambda v: length(v) >= 8 * lanes(v)) == "fails exactly where len >= 8 vectors"


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        (lambda v: length(v) == 0, "len is 0"),
        (lambda v: length(v) > 0, "len > 0"),
        (lambda v: length(v) >= 256, "len >= 256"),
        (lambda v: length(v) < 16, "len < 16"),
        (lambda v: length(v) % 4 > 0, "len % 4 is 1, 2 or 3"),
        (lambda v: length(v) % 2 and length(v) < 16, "len % 2 is 1 and len < 16"),
    ],
)
def test_scalar_code_has_sizes_in_elements(fails: Fails, said: str) -> None:
    assert rule_of(cases(bits=(None,)), fails) == f"fails exactly where {said}"


def test_several_sizes() -> None:
    matrix = [
        case(sizes=(("m", m), ("n", n), ("k", k), ("ldb", n + apart)), bits=None, build=build)
        for m, n, k, apart, build in product(
            (0, 1, 2, 4, 8, 9), (0, 1, 3, 4, 7), (0, 1, 2, 4, 6, 8), (0, 3), LABELS[:2]
        )
    ]

    def size(verdict: Verdict, name: str) -> int:
        return dict(verdict.sizes)[name]

    in_k = "fails exactly where k % 4 is 1, 2 or 3 and no size is 0"
    assert rule_of(matrix, lambda v: size(v, "k") % 4 > 0 and size(v, "m") * size(v, "n") > 0) == in_k
    assert rule_of(matrix, lambda v: size(v, "n") < size(v, "ldb")) == "fails exactly where n < ldb"
    either = "fails exactly where m % 4 is not 0 or k % 4 is not 0"
    said = rule_of(matrix, lambda v: size(v, "m") % 4 > 0 or size(v, "k") % 4 > 0)
    assert said.replace("is 1, 2 or 3", "is not 0") == either


# ---- widths, builds, targets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("widths", "said"),
    [
        ((1024, 2048), "at 1024 bits and above"),
        ((128, 256), "at 256 bits and below"),
        ((256,), "at 256 bits"),
        ((128, 512, 1024, 2048), "at every width but 256 bits"),
    ],
)
def test_widths(widths: tuple[int, ...], said: str) -> None:
    several = cases(bits=(128, 256, 512, 1024, 2048), builds=LABELS[:2])
    assert rule_of(several, lambda v: bits(v) in widths) == f"fails exactly {said}"
    tail = f"fails exactly {said}, where len > 0"
    assert rule_of(several, lambda v: bits(v) in widths and length(v) > 0) == tail


def test_widths_that_are_no_power_of_two() -> None:
    several = cases(bits=(128, 256, 384, 512, 640, 896), builds=LABELS[:2])
    said = "fails exactly at widths that are no power of two"
    assert rule_of(several, lambda v: bits(v) & (bits(v) - 1) > 0) == said


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        (lambda b: b.startswith("gcc O2"), "as gcc O2"),
        (lambda b: "hostile" in b, "in hostile builds"),
        (lambda b: b.startswith("clang"), "as clang"),
        (lambda b: b == "gcc O0 plain", "as gcc O0 plain"),
        (lambda b: b != "gcc O2 plain", "in every build but gcc O2 plain"),
    ],
)
def test_builds(fails: Callable[[str], bool], said: str) -> None:
    assert rule_of(cases(), lambda v: fails(v.build or "")) == f"fails exactly {said}"
    both = f"fails exactly {said}, where len % lanes is 1, 2 or 3 (4 lanes)"
    assert rule_of(cases(), lambda v: fails(v.build or "") and length(v) % 4 > 0) == both


def test_a_target() -> None:
    several = [case(size, target=target) for size, target in product(SIZES, ("neon", "cortex-a72", "a64fx"))]
    assert rule_of(several, lambda v: v.target == "a64fx") == "fails exactly on a64fx"
    assert rule_of(several, lambda v: v.target != "neon") == "fails exactly on every target but neon"


def test_a_rule_for_each_kind_of_build() -> None:
    def fails(verdict: Verdict) -> bool:
        is_hostile = "hostile" in (verdict.build or "")
        return length(verdict) % 4 > 0 if is_hostile else length(verdict) == 0

    said = (
        "in hostile builds, fails exactly where len % lanes is 1, 2 or 3 (4 lanes); "
        "in plain builds, fails exactly where len is 0"
    )
    assert rule_of(cases(), fails) == said


# ---- inputs --------------------------------------------------------------------------------------------------------


def special(names: Iterable[str] = ("nan", "-nan", "snan", "inf", "-inf", "zero", "-zero", "largest")) -> list[Verdict]:
    """Rows of 39 elements with each value at some positions, as the special suite has them."""
    positions = (0, 3, 4, 16, 34, 38, None)
    found = [
        case(39, build=build, suite="special", pattern="special", value=name, position=position)
        for name, position, build in product(names, positions, LABELS[:2])
    ]
    return [*found, *cases(builds=LABELS[:2])]


def test_special_values() -> None:
    def is_nan(verdict: Verdict) -> bool:
        return "nan" in verdict.circumstances.value

    def position(verdict: Verdict) -> int:
        return -1 if verdict.circumstances.position is None else verdict.circumstances.position

    assert rule_of(special(), is_nan) == "fails exactly where an element is NaN"
    behind = rule_of(special(), lambda v: is_nan(v) and position(v) >= 4)
    assert behind == "fails exactly where an element is NaN and the index of the special value >= lanes (4 lanes)"
    assert rule_of(special(), lambda v: v.circumstances.value == "-zero") == "fails exactly where an element is -0.0"
    last = "fails exactly where an element is NaN and the special value is the last element"
    assert rule_of(special(), lambda v: is_nan(v) and position(v) == 38) == last


def test_scalar_arguments_signs_addresses_and_the_first_case() -> None:
    facts: list[dict[str, Any]] = [
        {"scalars": (("beta", beta),), "signs": signs, "alignment_bytes": (("y", align),), "is_in_place": in_place}
        for beta, signs, align, in_place in product((0, 1, -0.5), ("", "negative"), (4, 16, 64), (False, True))
    ]
    several = [case(size, **found) for size, found in product((1, 5, 8, 33), facts)]

    def fact(verdict: Verdict) -> Circumstances:
        return verdict.circumstances

    assert rule_of(several, lambda v: dict(fact(v).scalars)["beta"] == 0) == "fails exactly where beta is 0"
    assert rule_of(several, lambda v: dict(fact(v).scalars)["beta"] != 0) == "fails exactly where beta is not 0"
    assert rule_of(several, lambda v: fact(v).signs == "negative") == "fails exactly where all elements are negative"
    unaligned = "fails exactly where y is not aligned to 32 bytes"
    assert rule_of(several, lambda v: dict(fact(v).alignment_bytes)["y"] < 32) == unaligned
    assert rule_of(several, lambda v: fact(v).is_in_place) == "fails exactly where it works in place"
    first = [*several, case(2, is_first=True)]
    assert rule_of(first, lambda v: fact(v).is_first) == "fails exactly where it is the first case of its job"


def test_what_ordinary_rows_show_and_others_hide() -> None:
    hiding = [case(size, pattern="loud", signs="") for size in SIZES]
    said = "ordinary rows fail exactly where len >= lanes (4 lanes)"
    assert (
        rule_of([*cases(), *hiding], lambda v: length(v) >= 4 and (not v.circumstances.pattern or length(v) % 3 == 0))
        == said
    )


def test_what_long_rows_hide() -> None:
    long = cases((*SIZES, 8193, 16385, 65537))
    said = "ordinary rows with len < 8192 fail exactly where len % lanes is 1, 2 or 3 (4 lanes); no longer ones do"
    assert rule_of(long, lambda v: length(v) % 4 > 0 and length(v) < 8192) == said


def test_reads_beside_a_row_show_at_guard_pages() -> None:
    beside = replace(WRONG, outcome=Outcome.OUT_OF_BOUNDS)
    apart = [case(size, guards="", suite="placement") for size in (1, 2, 3, 5, 6)]
    verdicts = [
        replace(v, finding=beside) if length(v) % 4 and v.circumstances.guards else v for v in (*cases(), *apart)
    ]
    (cause,) = causes_of(verdicts, BUILDS)
    assert cause.rule == "rows at both guard pages fail exactly where len % lanes is 1, 2 or 3 (4 lanes)"


# ---- none, if none does --------------------------------------------------------------------------------------------


def test_one_exception_leaves_no_rule() -> None:
    at_random = random.Random(3)
    seen = {size: at_random.random() < 0.4 for size in SIZES}
    (cause,) = causes_of(judged(cases(), lambda v: seen[length(v)]), BUILDS)
    assert cause.rule == ""
    tail = rule_of(cases(), lambda v: length(v) % 4 > 0 and length(v) != 9)
    assert "is 1, 2 or 3 (4 lanes)" not in tail.partition(" and ")[0]


@dataclass(frozen=True)
class Fault:
    """A fault at random: residues between two bounds in some builds, perhaps with exceptions."""

    modulus: int
    residues: frozenset[int]
    low: int
    high: int
    variants: tuple[str, ...]
    has_exceptions: bool

    def __call__(self, verdict: Verdict) -> bool:
        n = length(verdict)
        is_hit = n % self.modulus in self.residues and self.low <= n <= self.high
        is_there = (verdict.build or "").split()[2] in self.variants
        return is_hit and is_there and not (self.has_exceptions and n % 5 == 0)


def faults(count: int) -> Iterator[Fault]:
    at_random = random.Random(7)
    for _ in range(count):
        modulus = at_random.choice((2, 4, 8, 12))
        yield Fault(
            modulus,
            frozenset(at_random.randrange(modulus) for _ in range(at_random.choice((1, 2)))),
            at_random.randrange(20),
            at_random.randrange(20, 300),
            at_random.choice((("plain",), ("plain", "hostile"))),
            at_random.random() < 0.3,
        )


def test_a_rule_holds_for_every_failure_and_nothing_that_passed() -> None:
    """Whatever is said is held against all observations that it speaks of."""
    said = 0
    for fault in faults(60):
        verdicts = judged(cases(bits=(128, 256)), fault)
        failing = [verdict for verdict in verdicts if verdict.outcome is not Outcome.PASS]
        table = tabulated(verdicts, failing, BUILDS)
        common = common_of(table, table.has_failed) if failing else None
        if common and ";" not in common.text:
            said += 1
            spoken_of = common.domain.observations
            assert np.array_equal(common.rule.holds(table)[spoken_of], table.has_failed[spoken_of]), common.text
    assert said > 20


def test_everything_and_one_alone() -> None:
    assert rule_of(cases(), lambda _: True) == "every case fails"
    assert rule_of([case()], lambda _: True) == ""


def test_a_hundred_thousand_verdicts_cost_little() -> None:
    sizes = range(2100)
    several = [
        case(size, width, build, scalars=(("eps", eps),))
        for size, width, build, eps in product(sizes, (128, 256, 512), LABELS, (1e-5, 1e-6))
    ]
    assert len(several) > 100_000
    verdicts = judged(several, lambda v: length(v) % (4 * lanes(v)) > 0 and "hostile" in (v.build or ""))
    start = time.process_time()
    (cause,) = causes_of(verdicts, BUILDS)
    assert time.process_time() - start < 10
    assert cause.rule == "fails exactly in hostile builds, where len % (4 * lanes) is not 0"


# ---- elements ------------------------------------------------------------------------------------------------------


def with_wrong(verdict: Verdict, indices: Iterable[int], count: int | None = None) -> Verdict:
    found = sorted(indices)
    if not found:
        return verdict
    residues = sum(1 << residue for residue in {index % 256 for index in found})
    axis = Axis(length(verdict) if count is None else count, found[0], found[-1], residues)
    return replace(verdict, finding=replace(WRONG, wrong=(Wrong("y", len(found), (axis,)),)))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda n: range(4, n, 8), "only elements 4, 12, 20, ... (lane 4 of 8)"),
        (lambda n: [i for i in range(n) if i % 8 >= 4], "only elements in lanes 4 to 7 of 8"),
        (lambda n: range(n - n % 8, n), "only elements behind the last whole vector"),
        (lambda n: range(n - n % 32, n), "only elements behind the last whole block of 4 vectors"),
        (lambda n: range(max(0, n - 1), n), "only the last element"),
        (lambda n: range(min(1, n)), "only the first element"),
        (lambda n: range(8, n), "only elements behind the first vector"),
        (lambda n: range(min(8, n)), "only elements in the first vector"),
        (range, ""),
    ],
)
def test_which_elements(wrong: Callable[[int], Iterable[int]], said: str) -> None:
    verdicts = [with_wrong(verdict, wrong(length(verdict))) for verdict in cases(bits=(256,))]
    (cause,) = causes_of(verdicts, BUILDS)
    assert cause.elements == said


def test_columns_of_a_matrix() -> None:
    def of_matrix(verdict: Verdict) -> Verdict:
        rows, columns = 3, length(verdict)
        tail = columns - columns % 4
        if tail == columns:
            return verdict
        mask = sum(1 << index for index in range(256) if index % 256 in {i % 256 for i in range(tail, columns)})
        axes = (Axis(rows, 0, rows - 1, 7), Axis(columns, tail, columns - 1, mask))
        return replace(verdict, finding=replace(WRONG, wrong=(Wrong("c", 3 * (columns - tail), axes),)))

    (cause,) = causes_of([of_matrix(verdict) for verdict in cases()], BUILDS)
    assert cause.elements == "only columns behind the last whole vector"


# ---- causes --------------------------------------------------------------------------------------------------------


def test_one_fault_is_one_cause_over_builds_widths_targets_and_outcomes() -> None:
    several = [
        case(size, width, build, target=target)
        for size, width, build, target in product(SIZES, (128, 256), LABELS, ("sve", "a64fx"))
    ]
    beside = Finding(Outcome.OUT_OF_BOUNDS, "read x[5], past the end")
    verdicts = [replace(v, finding=beside if length(v) < 16 else WRONG) if length(v) % lanes(v) else v for v in several]
    (cause,) = causes_of(verdicts, BUILDS)
    assert cause.rule == "fails exactly where len % lanes is not 0"
    assert len(cause.failures) == sum(verdict.outcome is not Outcome.PASS for verdict in verdicts)
    assert cause.judged == len(several)


def test_special_values_have_a_cause_of_their_own_only_if_other_rows_do_not_explain_them() -> None:
    def tail_and_nan(verdict: Verdict) -> bool:
        return length(verdict) % 8 == 1 or "nan" in verdict.circumstances.value

    tail, nan = sorted(causes_of(judged(special(), tail_and_nan), BUILDS), key=lambda cause: -len(cause.failures))[::-1]
    assert {tail.rule, nan.rule} == {
        "fails exactly where len % (2 * lanes) is 1 (4 lanes)",
        "fails exactly where an element is NaN",
    }
    rows_of_39 = judged(special(), lambda v: length(v) % 4 == 3)
    (one,) = causes_of(rows_of_39, BUILDS)
    assert one.rule == "fails exactly where len % lanes is 3 (4 lanes)"


def test_the_smallest_ordinary_row_teaches() -> None:
    verdicts = judged(special(), lambda v: length(v) % 4 == 3)
    (cause,) = causes_of(verdicts[::-1], BUILDS)
    assert cause.shown.sizes == (("len", 3),)
    assert cause.shown.circumstances.pattern == ""
    (of_values,) = causes_of(judged(special(), lambda v: "nan" in v.circumstances.value), BUILDS)
    assert of_values.shown.circumstances.pattern == "special"
    (empty,) = causes_of(judged(cases(), lambda v: length(v) < 3), BUILDS)
    assert empty.shown.sizes == (("len", 1),)


def test_what_is_no_fault_of_a_call_stays_apart() -> None:
    refused = replace(case(), case=None, suite=None, finding=Finding(Outcome.BUILD_ERROR, "no", source_line="k.c:3"))
    other = replace(refused, build="clang O2 plain")
    gate = replace(case(), suite="gate", finding=Finding(Outcome.MISMATCH, "still works with sve switched off"))
    harness = replace(case(), finding=Finding(Outcome.HARNESS_ERROR, "no result of case 3"))
    again = replace(harness, finding=replace(harness.finding, detail="no result of case 17"))
    verdicts = [refused, other, gate, harness, again, *judged(cases(), lambda v: length(v) > 30)]
    found = [(cause.shown.outcome, len(cause.failures)) for cause in causes_of(verdicts, BUILDS)]
    large = len([size for size in SIZES if size > 30]) * len(LABELS)
    assert found[:2] == [(Outcome.HARNESS_ERROR, 2), (Outcome.BUILD_ERROR, 2)]
    assert sorted(found[2:], key=lambda one: one[1]) == [(Outcome.MISMATCH, 1), (Outcome.MISMATCH, large)]


def test_one_contract_error_is_one_cause_for_all_kernels_of_the_op() -> None:
    fault = Finding(Outcome.CONTRACT_ERROR, "the reference of op_f32 raised ValueError")
    verdicts = [replace(case(kernel=f"op_f32/{isa}"), finding=fault) for isa in ("sve", "neon", "avx2")]
    (cause,) = causes_of(verdicts, BUILDS)
    assert len(cause.failures) == 3


def test_crashes_and_the_gate_may_speak_of_one_instruction() -> None:
    crash = Finding(Outcome.CRASH, "SIGILL", source_line="k.c:41")
    gate = Finding(Outcome.CRASH, "would fault on a processor with avx512 alone: 'vpermb' at k.c:41 needs AVX512_VBMI")
    verdicts = [replace(case(), finding=crash), replace(case(), suite="gate", finding=gate)]
    assert len(causes_of(verdicts, BUILDS)) == 1
    elsewhere = replace(gate, detail=gate.detail.replace("k.c:41", "k.c:50"))
    assert len(causes_of([verdicts[0], replace(verdicts[1], finding=elsewhere)], BUILDS)) == 2
