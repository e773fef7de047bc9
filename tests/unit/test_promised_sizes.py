"""What callers promise of sizes leaves every kind of rows a case, or the plan says that it has none."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from harness.contract import (
    around_lanes,
    dominant,
    dominant_subsets,
    each,
    every,
    exact,
    normal,
    op,
    pairwise,
    peaks,
    peaks_by_lanes,
    placements,
    rows,
    single_dominant,
    special_values,
    structured,
    sum_of,
    zeros,
)
from harness.contract.expressions import parse_requirement
from harness.model import Case, Contract, Conventions, Selection
from harness.model.patterns import Dominant, Special
from harness.plan.cases import gate_cases, make_cases, make_matrix
from harness.plan.sizes import Promised

VALUES = ["nan", "inf", "largest"]


def total(requires: Any) -> Contract:
    return op(
        "float total(const float *x, size_t n)",
        inputs="x[n]",
        reference=lambda x: x.sum(),
        passes=[sum_of("sum", lambda x: x, roundings=0), each("return", lambda sum: sum, roundings=0)],
        requires=requires,
        suites={
            "boundary": [*every(1, 33), zeros(1023), 4095],
            "residues": around_lanes([1, 2, 4], -1, 1),
            "sensitivity": [*dominant_subsets(dominant(1, 2), every(1, 70)), *peaks(every(2, 33))],
            "long": dominant_subsets(dominant(1, 2), [65535, 65537]),
            "special": [*special_values(VALUES), *structured([255, 4097]), *rows(normal((4, 6)), [33, 1001])],
            "placement": placements(),
            "peaks": [*peaks_by_lanes([1023]), *peaks([4097])],
            "single": single_dominant(dominant(1, 2), [999]),
        },
    )


def cases(contract: Contract, vector_bits: int | None) -> tuple[Case, ...]:
    return make_cases(contract, contract.conventions, Selection(), vector_bits)


def kinds(found: tuple[Case, ...]) -> set[tuple[str, str, str]]:
    return {(case.suite, case.pattern.kind, special_value(case)) for case in found}


def special_value(case: Case) -> str:
    return case.pattern.value if isinstance(case.pattern, Special) else ""


@pytest.mark.parametrize("vector_bits", [None, 128, 256, 384, 2048])
@pytest.mark.parametrize(
    ("requires", "lost"),
    [
        (["n <= 64"], ["suite 'long'"]),
        ("n <= 64", ["suite 'long'"]),
        (["n % 4 == 0"], ["suite 'long'"]),
        (["n % 64 == 0"], None),
        (["is_power_of_two(n)"], ["suite 'long'"]),
        (["n % 4 == 0 and n <= 60", "n > 8"], ["suite 'long'"]),
        (["n == 48"], None),
    ],
)
def test_no_kind_of_rows_is_lost_without_a_word(requires: Any, lost: list[str] | None, vector_bits: int | None) -> None:
    contract = total(requires)
    matrix = make_matrix(contract, contract.conventions, Selection(), vector_bits)
    every_kind, left = kinds(cases(total([]), vector_bits)), kinds(matrix.cases)
    said = " ".join(matrix.ruled_out)
    for suite, kind, value in every_kind - left:
        assert f"suite {suite!r}" in said, (suite, kind, value)
    for suite in {suite for suite, _, _ in every_kind} - {suite for suite, _, _ in left}:
        assert f"suite {suite!r}" in matrix.ruled_out
    assert {kind for kind in every_kind if kind[0] in ("special", "placement", "peaks", "single")} <= left
    if lost is not None:
        assert [text for text in matrix.ruled_out if text != "suite 'residues'"] == lost
    allowed = Promised(contract, contract.conventions, vector_bits)
    assert all(allowed.may_pass(dict(case.sizes)) for case in matrix.cases)


def test_special_values_stand_in_every_kind_of_lane_of_the_size_that_they_get() -> None:
    positions = {
        bits: {
            (dict(case.sizes)["n"], case.pattern.position)
            for case in cases(total(requires), bits)
            if isinstance(case.pattern, Special) and case.pattern.value == "nan"
        }
        for bits, requires in ((256, ["n <= 64"]), (128, ["n % 4 == 0"]))
    }
    assert positions[256] == {(64, 0), (64, 32), (64, 63), (64, None)}
    assert positions[128] == {(40, 0), (40, 16), (40, 20), (40, 34), (40, 39), (40, None)}


def test_what_may_be_passed_stays_as_it_is_and_keeps_its_key() -> None:
    free, promised = cases(total([]), 256), cases(total(["n < 100000"]), 256)
    assert free == promised
    some = cases(total(["n % 2 == 0"]), 256)
    keys = {case.id: case for case in free}
    same = [case for case in some if keys.get(case.id) == case]
    assert len(same) > 100
    moved = [case.label for case in some if case.suite == "boundary" and case not in same]
    assert moved == ["n1024-zeros"]


def test_sizes_that_become_one_are_one_case() -> None:
    found = cases(total(["n == 48"]), 256)
    alone = [case for case in found if case.suite != "peaks"]  # where two entries ask for one row
    counts = Counter((case.pattern, case.sizes, case.placement, case.suite) for case in alone)
    assert counts.most_common(1)[0][1] == 1
    assert any(
        isinstance(case.pattern, Dominant) and case.pattern.part == 47 for case in found if case.suite == "single"
    )


def test_where_nothing_may_be_passed_every_suite_is_told() -> None:
    contract = total(["n > 5", "n < 6"])
    matrix = make_matrix(contract, contract.conventions, Selection(), 256)
    assert matrix.cases == ()
    assert matrix.ruled_out == tuple(f"suite {name!r}" for name in contract.suites)


def test_a_vector_length_that_may_not_be_leaves_no_case_and_is_no_search() -> None:
    assert not cases(total(["is_power_of_two(vector_bits)"]), 384)


def test_sizes_of_the_command_line_that_may_not_be_passed_are_told() -> None:
    contract = total(["n % 4 == 0"])
    matrix = make_matrix(contract, contract.conventions, Selection(sizes=(7, 8, 9)), 256)
    assert [case.sizes for case in matrix.cases] == [(("n", 8),)]
    assert matrix.ruled_out == ("the size 7 of --size", "the size 9 of --size")


def test_a_kernels_own_promise_counts_as_the_contracts_does() -> None:
    contract = total([])
    conventions = Conventions((parse_requirement("n <= 64", ["n"]),))
    assert kinds(make_cases(contract, conventions, Selection(), 256)) == kinds(cases(total(["n <= 64"]), 256))


def test_the_gate_is_as_long_as_may_be() -> None:
    for requires, size in ((["n <= 64"], 64), (["n % 4 == 0"], 1000), (["n % 2048 == 0"], 2048), ([], 1000)):
        case, *_ = gate_cases(total(requires), total(requires).conventions, Selection())
        assert case.sizes == (("n", size),)


# ---- several sizes -------------------------------------------------------------------------------------------------

AT = {"m": 5, "n": 37, "k": 9, "lda": 11, "ldb": 41, "ldc": 38}


def gemm(requires: list[str]) -> Contract:
    return op(
        "void gemm(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, "
        "float *c, size_t ldc)",
        inputs="a[m, k : lda], b[k, n : ldb]",
        outputs="c[m, n : ldc]",
        reference=lambda a, b: a @ b,
        passes=[
            sum_of("ab", lambda a, b: a[:, :, None] * b[None, :, :], axis=1),
            each("c", lambda ab: ab, roundings=0),
        ],
        requires=requires,
        suites={
            "boundary": pairwise(m=[1, 4], n=[1, 16], k=[4], strides={"lda": "k", "ldb": "n", "ldc": "n"}),
            "special": special_values(["nan", "inf"], at=AT),
            "placement": placements(at=[AT]),
        },
    )


@pytest.mark.parametrize(
    ("requires", "found"),
    [
        ([], AT),
        (["n % 4 == 0"], {**AT, "n": 40, "ldc": 40}),
        (["n % 16 == 0"], {**AT, "n": 48, "ldb": 48, "ldc": 48}),
        (["n % 16 == 0 and n < 40"], {**AT, "n": 32}),
        (["lda % 16 == 0", "ldb % 16 == 0", "ldc % 16 == 0"], {**AT, "lda": 16, "ldb": 48, "ldc": 48}),
        (["m == n", "k == n"], {"m": 37, "n": 37, "k": 37, "lda": 37, "ldb": 41, "ldc": 38}),
        (["m <= 4", "k % 8 == 0"], {**AT, "m": 4, "k": 16, "lda": 16}),
    ],
)
def test_of_several_sizes_those_change_that_have_to(requires: list[str], found: dict[str, int]) -> None:
    contract = gemm(requires)
    special = [case for case in cases(contract, 128) if case.suite == "special"]
    assert {special_value(case) for case in special} == {"nan", "inf"}
    assert all(dict(case.sizes) == found for case in special)
    assert [case for case in cases(contract, 128) if case.suite == "placement"]


def test_several_sizes_without_a_solution_are_told() -> None:
    contract = gemm(["m * n == 7 and m == n"])
    matrix = make_matrix(contract, contract.conventions, Selection(), 128)
    assert matrix.cases == ()
    assert matrix.ruled_out == ("suite 'boundary'", "suite 'special'", "suite 'placement'")


# ---- in place ------------------------------------------------------------------------------------------------------


def test_buffers_that_may_be_one_are_those_that_the_contract_names() -> None:
    contract = op(
        "void f(const float *x, const float *y, float *out, size_t n)",
        inputs="x[n], y[n]",
        outputs="out[n]",
        reference=lambda x, y: x + y,
        tolerance=exact(),
        in_place=[("out", "x"), ("out", "y")],
        suites={"placement": placements(in_place=True)},
    )
    shared = [spec.placement.alias for spec in contract.suites["placement"](4) if spec.placement.alias]
    assert shared == [((2, 0),), ((2, 1),)] * 3
