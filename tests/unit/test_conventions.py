"""What callers promise: how it is written, which cases are left, where buffers lie, which results count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contract import dominant, each, every, op, placements, special_values, sum_of
from harness.contract.expressions import parse_requirement
from harness.errors import ContractError
from harness.guest import PackBuffer, PackCase, distance_bytes
from harness.judge.reference import Oracle
from harness.model import Contract, Conventions, Selection, Side
from harness.plan.cases import gate_cases, make_cases

PAGE_BYTES = 4096


def total(**conventions: Any) -> Contract:
    return op(
        "float total(const float *x, size_t len)",
        inputs="x[len]",
        reference=lambda x: x.sum(),
        passes=[sum_of("sum", lambda x: x, roundings=0), each("return", lambda sum: sum, roundings=0)],
        suites={
            "boundary": every(1, 40),
            "special": special_values(["nan", "snan", "inf"]),
            "placement": placements(),
        },
        **conventions,
    )


# ---- requirements --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "len_", "holds"),
    [
        ("len % 4 == 0", 8, True),
        ("len % 4 == 0", 9, False),
        ("len >= 16 and len % 16 == 0", 8, False),
        ("16 <= len < 32 or len == 1", 1, True),
        ("not len == 7", 7, False),
        ("is_power_of_two(len)", 64, True),
        ("is_power_of_two(len)", 0, False),
        ("is_power_of_two(vector_bits)", 3, True),
        ("len % (len - 1) == 0", 1, False),
    ],
)
def test_a_requirement_holds_or_does_not(text: str, len_: int, holds: bool) -> None:
    assert parse_requirement(text, ["len"]).holds({"len": len_, "vector_bits": 256}) is holds


@pytest.mark.parametrize(
    "text",
    ["len", "len == n", "__import__('os')", "len.real == 1", "is_even(len)", "len ** 9 == 1", "len in (1, 2)", "("],
)
def test_what_is_no_condition_on_sizes_is_refused(text: str) -> None:
    with pytest.raises(ContractError, match="requirement"):
        parse_requirement(text, ["len"])


def cases(contract: Contract, vector_bits: int | None = 256, **selection: Any) -> list[Any]:
    return list(make_cases(contract, contract.conventions, Selection(**selection), vector_bits))


def test_only_sizes_that_callers_may_pass_are_left() -> None:
    contract = total(requires=["len % 8 == 0", "len >= 16"])
    assert {dict(case.sizes)["len"] for case in cases(contract, suites=("boundary",))} == {16, 24, 32, 40}
    assert all(dict(case.sizes)["len"] % 8 == 0 for case in cases(contract))
    assert all(dict(case.sizes)["len"] % 8 == 0 for case in gate_cases(contract, contract.conventions, Selection()))


def test_cases_about_values_and_places_take_the_next_size_instead() -> None:
    contract, free = total(requires=["is_power_of_two(len)"]), total()
    for suite in ("special", "placement"):
        assert len(cases(contract, suites=(suite,))) == len(cases(free, suites=(suite,)))


def test_a_vector_length_may_be_ruled_out() -> None:
    contract = total(requires=["is_power_of_two(vector_bits)"])
    assert not cases(contract, 384)
    assert cases(contract, 512)
    assert cases(contract, None)


# ---- placement -----------------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 5000), min_size=1, max_size=3),
    st.integers(0, 300),
    st.sampled_from([1, 4, 16, 64, 4096]),
    st.sampled_from(list(Side)),
    st.integers(0, 512),
)
def test_an_aligned_buffer_is_aligned_and_no_nearer_to_the_guard_than_asked(
    extents: list[int], readable: int, alignment: int, side: Side, wanted: int
) -> None:
    """The later buffers share the place of the first, whose start follows from where pages and guards are."""
    buffers = tuple(PackBuffer(extent, None, readable, alignment) for extent in extents)
    alias = tuple((number, 0) for number in range(1, len(buffers)))
    distance = distance_bytes(PackCase((), buffers, 1, 1000, (wanted,), alias), 0, side)
    span = max(extents) + readable
    open_bytes = -(-(span + distance) // PAGE_BYTES) * PAGE_BYTES
    start = open_bytes - distance - span if side is Side.END else distance
    assert start % alignment == 0
    assert wanted <= distance < wanted + alignment


@pytest.mark.parametrize("alignment", [{"x": 3}, {"x": 0}, {"x": 8192}, {"y": 16}])
def test_an_impossible_alignment_is_refused(alignment: dict[str, int]) -> None:
    with pytest.raises(ContractError, match="alignment"):
        total(alignment=alignment)


# ---- results that nobody promises ----------------------------------------------------------------------------------


def test_results_of_waived_values_do_not_count_and_all_others_do() -> None:
    contract = total(waived={"nan": "documented"})
    unspecified = {case.label.split("-", 1)[1].split("@")[0] for case in cases(contract) if case.is_unspecified}
    assert unspecified == {"nan", "snan"}


@pytest.mark.parametrize("waived", [{"nan": ""}, {"nothing": "why"}])
def test_a_waiver_names_a_check_and_a_reason(waived: dict[str, str]) -> None:
    with pytest.raises(ContractError, match="waived"):
        total(waived=waived)


def test_a_kernel_adds_to_what_the_contract_says() -> None:
    both = Conventions(alignment={"x": 16}, waived={"nan": "a"}) | Conventions(alignment={"x": 64}, over_read={"x": 3})
    assert both.alignment == {"x": 64}
    assert both.over_read == {"x": 3}
    assert both.waived == {"nan": "a"}
    assert len(both.lines) == 3


# ---- rounding ------------------------------------------------------------------------------------------------------


def test_directed_rounding_gets_the_worst_case_of_twice_the_unit() -> None:
    nearest, directed = (
        total(pattern=dominant(signed=False)),
        total(pattern=dominant(signed=False), rounding="directed"),
    )
    (case,) = [case for case in cases(nearest, suites=("boundary",)) if dict(case.sizes)["len"] == 40]
    inputs = {"x": np.ones(40, np.float32)}
    tolerances = [Oracle(contract).expect(case, inputs)["return"].tolerance[0] for contract in (nearest, directed)]
    unit = 2.0**-23
    assert tolerances[1] == pytest.approx(40 * unit / (1 - 40 * unit) * 40, rel=1e-6)
    assert tolerances[1] > 1.9 * tolerances[0]


def test_a_rounding_of_no_known_name_is_refused() -> None:
    with pytest.raises(ContractError, match=r"rounding.*nearest"):
        total(rounding="neareast")


# ---- an error model without an answer ------------------------------------------------------------------------------


def test_a_finite_number_without_a_tolerance_is_the_contracts_error() -> None:
    contract = op(
        "float total(const float *x, size_t len)",
        inputs="x[len]",
        reference=lambda x: x.sum(),
        passes=[
            sum_of("sum", lambda x: x, roundings=0),
            each("return", lambda sum: sum, roundings=lambda sum: np.nan * sum),
        ],
        suites={"boundary": [4]},
    )
    (case,) = cases(contract)
    with pytest.raises(ContractError, match=r"no tolerance for return\[0\]"):
        Oracle(contract).expect(case, {"x": np.ones(4, np.float32)})
