"""Element types: bfloat16 without a dtype of its own, and integers that float64 has no room for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.contract import absolute, each, exact, extremes, integers, op, rows, sqrt_n, sum_of, ulp
from harness.errors import ContractError
from harness.judge.compare import compare
from harness.judge.reference import Oracle
from harness.model import Case, CaseSpec, Contract, Selection, Suite
from harness.model.patterns import SPECIAL_FLOATS, Zeros
from harness.model.prototype import BF16, SCALAR_TYPES
from harness.numerics.formats import limits, rounded, widened
from harness.numerics.inputs import InputStream, special_bits
from harness.numerics.ulp import ulp_of
from harness.plan import make_cases
from harness.sensitivity.gaps import find_gaps

SIZES = [1, 2, 3, 17, 40]


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    """As in the judge, whose business NaN and overflow are."""
    with np.errstate(all="ignore"):
        yield


def cases_of(contract: Contract) -> tuple[Case, ...]:
    return make_cases(contract, contract.conventions, Selection(), 128)


@pytest.mark.parametrize(
    ("number", "bits"),
    [
        (1.0, 0x3F80),
        (-2.0, 0xC000),
        (1 + 2.0**-8, 0x3F80),  # half way: to even, down
        (1 + 3 * 2.0**-8, 0x3F82),  # half way: to even, up
        (np.inf, 0x7F80),
        (3.4e38, 0x7F80),
        (2.0**-133, 0x0001),
    ],
)
def test_bfloat16_rounds_to_nearest_even(number: float, bits: int) -> None:
    assert int(rounded(np.array(number), BF16)) == bits
    assert SCALAR_TYPES["__bf16"].raw_bits(number) == bits or number == 3.4e38


def test_every_bfloat16_survives_being_widened_and_rounded() -> None:
    every = np.arange(1 << 16, dtype="<u2")
    wide = widened(every, BF16)
    back = rounded(wide, BF16)
    assert (back[~np.isnan(wide)] == every[~np.isnan(wide)]).all()
    assert np.isnan(widened(back[np.isnan(wide)], BF16)).all()
    finite = wide[:0x7F80]
    assert (ulp_of(finite, BF16)[:-1] == np.diff(finite)).all()
    assert finite[-1] == limits(BF16).largest


@pytest.mark.parametrize("name", SPECIAL_FLOATS)
def test_special_values_have_their_class_in_every_format(name: str) -> None:
    for number_format in ("<f2", "<f4", "<f8", BF16):
        info = limits(number_format)
        bits = np.array(special_bits(name, number_format), f"<u{info.bits // 8}")
        number = float(widened(bits if number_format == BF16 else bits.view(number_format), number_format))
        plain = name.removeprefix("-").removeprefix("s")
        assert np.isnan(number) == (plain == "nan")
        assert np.isinf(number) == (plain == "inf")
        assert bool(bits >> (info.bits - 1)) == name.startswith("-")
        if name.endswith("subnormal"):
            assert 0 < abs(number) < info.smallest_normal


def adder(c_type: str, reference: Callable[[Any, Any], Any] = lambda x, y: x + y) -> Contract:
    return op(
        f"void add({c_type} *out, const {c_type} *x, const {c_type} *y, size_t len)",
        inputs="x[len], y[len]",
        outputs="out[len]",
        reference=reference,
        tolerance=exact(),
        suites={
            "boundary": SIZES,
            "sensitivity": [*SIZES, *rows(integers(-8, 8), SIZES), *rows(extremes(), SIZES)],
        },
    )


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize("sign", ["", "u"])
def test_integers_are_exact_and_wrap_around_at_any_width(sign: str, bits: int) -> None:
    contract = adder(f"{sign}int{bits}_t")
    oracle, stream = Oracle(contract), InputStream()
    for case in cases_of(contract):
        inputs = stream.inputs(contract, case)
        right = inputs["x"] + inputs["y"]  # numpy wraps around in the type itself
        expected = oracle.expect(case, inputs)["out"]
        assert compare("out", right.tobytes(), expected).within
        for backend in {0, right.size - 1}:
            wrong = right.copy()
            wrong[backend] ^= 1
            comparison = compare("out", wrong.tobytes(), expected)
            assert comparison.wrong_elements == 1
            assert comparison.max_ulp == 1.0


def test_a_difference_of_one_beyond_two_to_the_53_is_seen_and_told_exactly() -> None:
    contract = adder("uint64_t", lambda x, y: x | np.uint64(2**53))
    case = cases_of(contract)[0]
    large = np.array([2**63], "<u8")
    expected = Oracle(contract).expect(case, {"x": large, "y": large})["out"]
    comparison = compare("out", np.array([2**63 + 2**53 + 1], "<u8").tobytes(), expected)
    assert not comparison.within
    assert comparison.worst
    assert (comparison.worst.got, comparison.worst.want) == (2**63 + 2**53 + 1, 2**63 + 2**53)


@pytest.mark.parametrize("wrong", [lambda x, y: (x + y) / 2 + 0.25, lambda x, y: np.full(x.shape, 2.0**60)])
def test_a_reference_that_yields_no_exact_integers_is_to_blame(wrong: Callable[[Any, Any], Any]) -> None:
    contract = adder("int32_t", wrong)
    case = cases_of(contract)[0]
    with pytest.raises(ContractError, match="no integers"):
        Oracle(contract).expect(case, InputStream().inputs(contract, case))


def test_without_passes_inputs_are_proven_by_changing_them() -> None:
    contract = adder("int16_t")
    stream = InputStream()
    assert find_gaps(contract, cases_of(contract), lambda case: stream.inputs(contract, case)) == (5, [])
    blind = replace(contract, suites={"sensitivity": Suite(lambda *_: tuple(make_specs(contract)), is_proving=True)})
    _, gaps = find_gaps(blind, cases_of(blind), lambda case: stream.inputs(blind, case))
    assert "len 3: an element of x ignored hidden at 3 of 3" in map(str, gaps)


def make_specs(contract: Contract) -> list[CaseSpec]:
    return [replace(spec, pattern=Zeros()) for spec in contract.suites["boundary"](4)]


def summed(tolerance: object) -> Contract:
    return op(
        "float total(const float *x, size_t len)",
        inputs="x[len]",
        reference=lambda x: x.sum(),
        tolerance=tolerance,  # type: ignore[arg-type]
        suites={"boundary": [100]},
    )


@pytest.mark.parametrize(
    ("tolerance", "expected"),
    [
        (exact(), 0.0),
        (ulp(4), 4 * 2.0**-17),
        (absolute(1e-3), 1e-3),
        (absolute(1e-3, relative=1e-4), 1e-3 + 1e-2),
        (sqrt_n(2, "len"), 2 * 10 * 2.0**-24 * 100),
        (lambda want, len: want * len, 1e4),
        (lambda x: abs(x).sum() * 1e-6, 1e-4),
    ],
)
def test_a_tolerance_by_name_or_function_is_what_it_says(tolerance: object, expected: float) -> None:
    contract = summed(tolerance)
    one = Oracle(contract).expect(cases_of(contract)[0], {"x": np.ones(100, "<f4")})["return"]
    assert one.tolerance[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("tolerance", "message"),
    [
        (3, "3 is no tolerance"),
        (lambda nothing: 1, "takes 'nothing'"),
        ({"x": exact()}, "'x' is no output"),
        (sqrt_n(1, "lne"), "'lne' is no size; perhaps 'len'|'lne' is no size"),
    ],
)
def test_a_wrong_tolerance_is_told(tolerance: object, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        summed(tolerance)


@pytest.mark.parametrize("wrong", [lambda want: -1.0, lambda want: 1 // 0, lambda want: np.ones(7)])
def test_a_function_that_yields_no_tolerance_is_to_blame(wrong: object) -> None:
    contract = summed(wrong)
    with pytest.raises(ContractError, match="the tolerance of total"):
        Oracle(contract).expect(cases_of(contract)[0], {"x": np.ones(100, "<f4")})


@pytest.mark.parametrize("c_type", ["_Float16", "__bf16"])
def test_narrow_results_of_wide_accumulators_have_the_tolerance_of_both(c_type: str) -> None:
    contract = op(
        f"{c_type} total(const {c_type} *x, size_t len)",
        inputs="x[len]",
        reference=lambda x: x.sum(),
        passes=[
            sum_of("sum", lambda x: x, roundings=0, accumulator="float"),
            each("return", lambda sum: sum, roundings=1),
        ],
        suites={"boundary": [*SIZES, 1000]},
    )
    stream = InputStream()
    element = SCALAR_TYPES[c_type]
    for case in cases_of(contract):
        inputs = stream.inputs(contract, case)
        wide = widened(inputs["x"], element.number_format).astype("<f4")
        single = np.cumsum(wide, dtype="<f4")[-1:]
        expected = Oracle(contract).expect(case, inputs)["return"]
        assert compare("return", rounded(single, element.number_format).tobytes(), expected).within
        assert (expected.tolerance <= 2 * expected.ulp).all()
