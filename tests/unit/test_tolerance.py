"""Calibration: correct implementations of every kind pass every case, and wrong ones do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.judge.compare import Comparison, compare
from harness.judge.reference import Oracle
from harness.judge.tolerance import FALSE_ALARM, confidence, sum_error
from harness.model import Case
from tests.unit.samples import boundary_cases, inputs_of, rms_norm

F32 = np.float32
Row = NDArray[Any]
U = 2.0**-24


# ---- summation orders that kernels use, in float32 -----------------------------------------------------------------


def strided(accumulators: int) -> Callable[[Row], np.float32]:
    """`accumulators` running sums over every n-th term, then added in order."""

    def add(terms: Row) -> np.float32:
        padded = np.zeros(-(-max(terms.size, 1) // accumulators) * accumulators, F32)
        padded[: terms.size] = terms
        lanes = np.cumsum(padded.reshape(-1, accumulators), axis=0, dtype=F32)[-1]
        return F32(np.cumsum(lanes, dtype=F32)[-1])

    return add


def pairwise(terms: Row) -> np.float32:
    while terms.size > 1:
        if terms.size % 2:
            terms = np.append(terms, F32(0))
        terms = terms[0::2] + terms[1::2]
    return F32(terms[0]) if terms.size else F32(0)


def reversed_order(terms: Row) -> np.float32:
    return strided(1)(terms[::-1])


ORDERS: dict[str, Callable[[Row], np.float32]] = {
    "sequential": strided(1),
    "4 accumulators": strided(4),
    "16 accumulators": strided(16),
    "64 accumulators": strided(64),
    "2048 bits, four vectors": strided(256),
    "pairwise": pairwise,
    "reversed": reversed_order,
}


def rms(row: Row, eps: float, add: Callable[[Row], np.float32], divisor: int | None = None) -> Row:
    if row.size == 0:
        return row
    total = add(row * row)
    scale = F32(1) / np.sqrt(total / F32(divisor or row.size) + F32(eps))
    return np.asarray(row * scale)


CONTRACT = rms_norm()
ORACLE = Oracle(CONTRACT)
CASES = boundary_cases(CONTRACT)
INPUTS = inputs_of(CONTRACT, CASES)


def judged(case: Case, computed: Row) -> Comparison:
    with np.errstate(all="ignore"):
        expected = ORACLE.expect(case, INPUTS[case.key])["row"]
        return compare("row", computed.astype(F32).tobytes(), expected)


def compute(case: Case, implementation: Callable[[Row, float], Row]) -> Comparison:
    return judged(case, implementation(INPUTS[case.key]["row"], float(dict(case.scalars)["eps"])))


@pytest.mark.parametrize("order", ORDERS)
def test_every_summation_order_passes_every_case(order: str) -> None:
    for case in CASES:
        comparison = compute(case, lambda row, eps: rms(row, eps, ORDERS[order]))
        assert comparison.within, f"{case.id}: headroom {comparison.headroom}"


def test_a_reciprocal_root_by_estimate_and_two_newton_steps_passes_every_case() -> None:
    def estimated(row: Row, eps: float) -> Row:
        energy = strided(4)(row * row) / F32(max(row.size, 1)) + F32(eps)
        root = F32(1 / np.sqrt(np.float64(energy)) * (1 + 2.0**-8))
        for _ in range(2):
            root = F32(root * F32(F32(1.5) - F32(F32(0.5) * energy) * F32(root * root)))
        return np.asarray(row * root)

    for case in CASES:
        assert compute(case, estimated).within, case.id


@pytest.mark.parametrize(
    "row", [np.full(4096, 0.7, F32), np.full(65537, 1.1, F32), np.sort(np.linspace(0, 1, 32768, dtype=F32))]
)
def test_structured_rows_stay_within_the_worst_case_bound_but_not_the_random_one(row: Row) -> None:
    exact = float(np.sum(np.square(row.astype(np.float64))))
    error = abs(float(strided(1)(row * row)) - exact) / exact
    assert error <= sum_error(row.size, 1, U, directed=True)
    assert row.size < 60000 or error > sum_error(row.size, 1, U, directed=False)


# ---- defects that must be seen -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [*range(2, 34), 764, 1028, 4096])
def test_a_wrong_divisor_fails(size: int) -> None:
    case = next(case for case in CASES if dict(case.sizes)["len"] == size)
    assert not compute(case, lambda row, eps: rms(row, eps, strided(4), divisor=row.size - 1)).within


@pytest.mark.parametrize("size", [1, 2, 17, 33, 768, 8192, 32768])
def test_an_ignored_eps_fails(size: int) -> None:
    case = next(case for case in CASES if dict(case.sizes)["len"] == size)
    assert not compute(case, lambda row, _eps: rms(row, 0.0, strided(4))).within


def test_an_ignored_eps_fails_on_the_zero_row() -> None:
    case = next(case for case in CASES if case.pattern.kind == "zeros")
    with np.errstate(all="ignore"):
        assert not compute(case, lambda row, _eps: rms(row, 0.0, strided(4))).within


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0])
def test_one_wrong_element_fails(value: float) -> None:
    for case in CASES[:40]:
        right = rms(INPUTS[case.key]["row"], float(dict(case.scalars)["eps"]), strided(4)).copy()
        if right.size and case.pattern.kind != "zeros":
            right[-1] = value
            assert not judged(case, right).within, case.id


def test_a_store_that_is_skipped_fails() -> None:
    for case in CASES:
        row = INPUTS[case.key]["row"]
        if row.size and case.pattern.kind != "zeros":
            right = rms(row, float(dict(case.scalars)["eps"]), strided(4)).copy()
            position = int(np.argmax(np.abs(row)))
            right[position] = row[position]
            assert not judged(case, right).within, case.id


# ---- the formulas --------------------------------------------------------------------------------------------------


def test_the_random_bound_holds_with_the_promised_probability_parameter() -> None:
    for k in (1, 100, 10**6):
        assert 2 * k * np.exp(-(confidence(k) ** 2) / 2) == pytest.approx(FALSE_ALARM)


def test_short_sums_get_the_worst_case_and_long_ones_the_root() -> None:
    assert sum_error(8, 1, U, directed=False) == sum_error(8, 1, U, directed=True)
    assert sum_error(10**4, 1, U, directed=False) < 0.1 * sum_error(10**4, 1, U, directed=True)
    quadrupled = sum_error(4 * 10**6, 0, U, directed=False) / sum_error(10**6, 0, U, directed=False)
    assert quadrupled == pytest.approx(2, rel=0.05)


def test_a_sum_too_long_for_its_format_has_no_bound() -> None:
    assert sum_error(4096, 1, 2.0**-11, directed=True) == np.inf
