"""References that are no oracle: of no numbers, of too few bits, lost on the way; and results that have to be exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.contract import dominant, each, every, exact, max_of, normal, op, rows, special_values, sum_of, ulp
from harness.errors import ContractError
from harness.judge.compare import compare
from harness.judge.neighbours import neighbours
from harness.judge.reference import Oracle
from harness.model import Case, Contract, Selection
from harness.model.prototype import BF16
from harness.numerics.inputs import InputStream
from harness.plan import make_cases
from harness.sensitivity.extremes import extremes
from harness.sensitivity.gaps import find_gaps

Reference = Callable[..., Any]


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    """As in the judge, whose business NaN and overflow are."""
    with np.errstate(all="ignore"):
        yield


def cases_of(contract: Contract) -> tuple[Case, ...]:
    return make_cases(contract, contract.conventions, Selection(), 128)


def expected(contract: Contract, *arrays: Any) -> Any:
    """What is due for inputs of one's own: the first output."""
    case = next(case for case in cases_of(contract) if dict(case.sizes)["n"] == len(arrays[0]))
    inputs = {p.name: array for p, array in zip(contract.prototype.buffers[-len(arrays) :], arrays, strict=True)}
    return next(iter(Oracle(contract).expect(case, inputs).values()))


def doubling(reference: Reference, c_type: str = "float", **changes: Any) -> Contract:
    error_model: dict[str, Any] = {"passes": [each("out", lambda x: 2 * x, roundings=1)], **changes}
    if "tolerance" in changes:
        del error_model["passes"]
    return op(
        f"void f({c_type} *out, const {c_type} *x, size_t n)",
        inputs="x[n]",
        outputs="out[n]",
        reference=reference,
        suites={"sensitivity": every(1, 9)},
        **error_model,
    )


ROW = np.array([1.0, -2.5, 0.75], "<f4")


# ---- answers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (lambda x: None, "returned None: does it lack a return?"),
        (lambda x: (2 * value for value in x), "returned a generator"),
        (lambda x: map(abs, x), "returned map"),
        (lambda x: np.ma.masked_array(2 * x, mask=[True, False, False]), "returned a masked array"),
        (lambda x: 2j * x, "returned complex numbers"),
        (lambda x: "2x", "returned str '2x'"),
        (lambda x: [1.0, None, 2.0], "returned an array of object"),
        (lambda x: [[1.0], [1.0, 2.0], []], "raised ValueError"),
        (lambda x: np.float32(2) * x.astype(np.float32), "returned float32: references compute in float64"),
        (lambda x: (2 * x).astype(np.float16), "returned float16"),
        (lambda x: {"y": x}, "must return out, not y"),
        (lambda x: {"out": None}, "returned None"),
        (lambda x: 2 * x[1:], "yields shape (2,)"),
    ],
)
@pytest.mark.parametrize("error_model", [{}, {"tolerance": ulp(4)}], ids=["passes", "tolerance"])
def test_what_is_no_number_is_the_references_fault(
    reference: Reference, message: str, error_model: dict[str, Any]
) -> None:
    with pytest.raises(ContractError, match=r"test_oracle\.py:\d+: ") as caught:
        expected(doubling(reference, **error_model), ROW)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "reference",
    [
        lambda x: 2 * x,
        lambda x: [2 * value for value in x],
        lambda x: (2 * x).astype(np.float32).astype(np.float64),  # the rounding is the op's
        lambda x: (2 * x).astype(np.longdouble),
        lambda x: np.array([2 * value for value in x.tolist()], object),
        lambda x: {"out": 2 * x},
    ],
)
def test_every_form_of_numbers_will_do(reference: Reference) -> None:
    assert list(expected(doubling(reference), ROW).want) == [2.0, -5.0, 1.5]


def test_a_reference_may_work_in_place_and_set_numpys_errors() -> None:
    def in_place(x: NDArray[Any]) -> NDArray[Any]:
        np.seterr(all="raise")
        x *= 2
        return x

    before = np.geterr()
    contract = doubling(in_place, tolerance=lambda x, want: abs(want - 2 * x))  # none, unless x was changed
    assert list(expected(contract, ROW).tolerance) == [0, 0, 0]
    stream = InputStream()
    _, gaps = find_gaps(contract, cases_of(contract), lambda case: stream.inputs(contract, case))
    assert gaps == []
    assert np.geterr() == before


def test_integers_of_any_size_wrap_around() -> None:
    contract = op(
        "void f(uint8_t *out, const uint8_t *x, size_t n)",
        inputs="x[n]",
        outputs="out[n]",
        reference=lambda x: [int(value) ** 40 for value in x],
        tolerance=exact(),
        suites={"sensitivity": every(1, 3)},
    )
    assert list(expected(contract, np.array([3, 0, 255], "<u1")).want) == [3**40 % 256, 0, 255**40 % 256]


# ---- lost on the way -----------------------------------------------------------------------------------------------


def naive(x: Any) -> Any:
    return np.exp(x) / np.exp(x).sum()


def stable(x: Any) -> Any:
    shifted = np.exp(x - x.max(initial=-np.inf))
    return shifted / shifted.sum()


SOFTMAX_PASSES = [
    max_of("most", lambda x: x, matters=False),
    sum_of("total", lambda x, most: np.exp(x - most), roundings=lambda x, most: 2 + abs(x - most)),
    each("out", lambda x, most, total: np.exp(x - most) / total, roundings=lambda x, most: 6 + abs(x - most)),
]
NAIVE_PASSES = [
    sum_of("total", np.exp, roundings=lambda x: 2 + abs(x)),
    each("out", lambda x, total: np.exp(x) / total, roundings=lambda x: 6 + abs(x)),
]


def softmax(reference: Reference, c_type: str = "float", **error_model: Any) -> Contract:
    return op(
        f"void softmax({c_type} *out, const {c_type} *x, size_t n)",
        inputs="x[n]",
        outputs="out[n]",
        reference=reference,
        pattern=normal((0, 9)),
        suites={"sensitivity": every(1, 9), "special": special_values(["inf", "nan"])},
        **error_model,
    )


LARGE = np.array([800.0, 801.0, -3.0], "<f4")
MODELS: dict[str, dict[str, Any]] = {
    "passes": {"passes": SOFTMAX_PASSES},
    "passes as naive": {"passes": NAIVE_PASSES},
    "a tolerance": {"tolerance": ulp(8)},
}


@pytest.mark.parametrize("model", MODELS)
def test_a_reference_that_overflows_on_the_way_is_told(model: str) -> None:
    contract = softmax(naive, **MODELS[model])
    assert expected(contract, np.array([1.0, 2.0, 3.0], "<f4")).want.sum() == pytest.approx(1)
    with pytest.raises(ContractError, match=r"the reference of softmax yields nan for out\[0\] in sensitivity/n3"):
        expected(contract, LARGE)


@pytest.mark.parametrize("c_type", ["float", "double"])
def test_naive_softmax_in_doubles_is_told_too(c_type: str) -> None:
    contract = softmax(naive, c_type, tolerance=ulp(8))
    with pytest.raises(ContractError, match=r"it overflows on the way, since in wider numbers it yields 0\.2689"):
        expected(contract, LARGE.astype("<f8" if c_type == "double" else "<f4"))


def test_passes_that_overflow_where_the_reference_does_not_are_told() -> None:
    with pytest.raises(ContractError, match=r"the passes of softmax come to nan for out\[0\] .* no tolerance follows"):
        expected(softmax(stable, passes=NAIVE_PASSES), LARGE)


def test_a_stable_softmax_is_an_oracle_on_every_row() -> None:
    contract = softmax(stable, passes=SOFTMAX_PASSES)
    oracle, stream = Oracle(contract), InputStream()
    for case in cases_of(contract):
        oracle.expect(case, stream.inputs(contract, case))


@pytest.mark.parametrize(
    ("reference", "row"),
    [
        (np.exp, [1.0, 800.0]),  # beyond a double, and beyond a float anyway
        (np.exp, [100.0, 1.0]),  # beyond a float alone
        (np.log, [0.0, -1.0]),  # no number in any precision
        (np.sqrt, [-1.0, 2.0]),
        (np.reciprocal, [0.0, 2.0]),
        (lambda x: x / x.sum(), [1.0, -1.0]),
        (lambda x: 2 * x, [np.inf, np.nan]),
    ],
)
@pytest.mark.parametrize("has_passes", [True, False])
def test_what_is_no_number_by_right_is_nobodys_fault(reference: Reference, row: list[float], has_passes: bool) -> None:
    model = {"passes": [each("out", reference, roundings=4)]} if has_passes else {"tolerance": ulp(4)}
    expected(doubling(reference, **model), np.array(row, "<f4"))


@pytest.mark.parametrize("function", [lambda x: np.full(x.shape, np.nan), lambda x: np.full(x.shape, np.inf)])
def test_a_reference_that_is_never_a_number_is_told(function: Reference) -> None:
    with pytest.raises(ContractError, match="where inputs are finite and the passes come to 2;"):
        expected(doubling(function), ROW)


def test_overflow_of_a_double_on_the_way_is_what_kernels_do_too() -> None:
    contract = op(
        "double norm(const double *x, size_t n)",
        inputs="x[n]",
        reference=lambda x: np.sqrt((x * x).sum()),
        tolerance=ulp(8),
        suites={"sensitivity": every(1, 3)},
    )
    assert expected(contract, np.array([1e200, 1e200], "<f8")).want[0] == np.inf


# ---- the ends of what is drawn -------------------------------------------------------------------------------------


def held(contract: Contract) -> None:
    """As `harness check` does."""
    case = cases_of(contract)[-1]
    oracle = Oracle(contract)
    for extreme, inputs in extremes(contract, case, [contract.pattern]):
        oracle.expect(extreme, inputs)


@pytest.mark.parametrize("model", ["passes", "a tolerance"])
def test_the_ends_show_what_a_few_cases_do_not(model: str) -> None:
    def contract(reference: Reference) -> Contract:
        return op(
            "void softmax(float *out, const float *x, size_t n)",
            inputs="x[n]",
            outputs="out[n]",
            reference=reference,
            pattern=normal((-3, 8)),  # of one in twelve cases rows reach beyond 709
            suites={"s": [3]},
            **MODELS[model],
        )

    held(contract(stable))
    with pytest.raises(
        ContractError, match=r"the reference of softmax yields nan for out\[0\] in extremes/n3-normal0-"
    ):
        held(contract(naive))


@pytest.mark.parametrize(
    ("c_type", "pattern", "ends"),
    [
        ("float", normal((-2, 3)), (-8 * 3.99993896484375, 8 * 3.99993896484375)),
        ("float", dominant(1, 2), (-2, 2)),
        ("float", dominant(1, 2, signed=False), (1, 2)),
        ("float", dominant(-104, -87, signed=False), (-104, -87)),
        ("int8_t", None, (-128, 127)),
        ("uint16_t", None, (0, 65535)),
    ],
)
def test_the_ends_are_those_of_the_pattern(c_type: str, pattern: Any, ends: tuple[float, float]) -> None:
    contract = op(
        f"void f({c_type} *out, const {c_type} *x, size_t n)",
        inputs="x[n]",
        outputs="out[n]",
        reference=lambda x: x,
        tolerance=exact(),
        pattern=pattern,
        suites={"s": [5]},
    )
    rows_of_ends = [inputs["x"] for _, inputs in extremes(contract, cases_of(contract)[0], [contract.pattern])]
    assert (min(row.min() for row in rows_of_ends), max(row.max() for row in rows_of_ends)) == ends
    assert any(np.unique(row).tolist() == [ends[1]] for row in rows_of_ends)
    if pattern is not None:  # nothing that is drawn lies beyond
        drawn = [InputStream().inputs(contract, case)["x"] for case in cases_of(contract)]
        assert ends[0] <= min(row.min() for row in drawn)
        assert max(row.max() for row in drawn) <= ends[1]


# ---- exact ---------------------------------------------------------------------------------------------------------


def packed(tolerance: Any, c_type: str = "_Float16", **changes: Any) -> Contract:
    return op(
        f"void pack({c_type} *out, const double *x, size_t n)",
        inputs="x[n]",
        outputs="out[n]",
        reference=lambda x: x,
        tolerance=tolerance,
        suites={"sensitivity": rows(normal(), every(1, 40))},
        **changes,
    )


def accepts(contract: Contract, x: list[float], got: list[float], dtype: str = "<f2") -> bool:
    return compare("out", np.array(got, dtype).tobytes(), expected(contract, np.array(x, "<f8"))).within


TIE = 1 + 2.0**-11
UP, DOWN = 1 + 2.0**-10, 1.0


def test_exact_is_the_rounded_reference() -> None:
    contract = packed(exact())
    assert accepts(contract, [1.0004, -3.14159, 70000.0, np.nan, -0.0], [1.0, -3.14159, np.inf, np.nan, 0.0])
    assert not accepts(contract, [1.0004], [UP])
    assert not accepts(contract, [1.0006], [DOWN])
    assert accepts(contract, [2.0**-25, 3 * 2.0**-25], [0.0, 2.0**-23])  # subnormal, to even


def test_ties_go_to_the_even_neighbour_unless_the_contract_lets_them_go_either_way() -> None:
    assert accepts(packed(exact()), [TIE], [DOWN])
    assert not accepts(packed(exact()), [TIE], [UP])
    either = packed(exact(ties="any"))
    assert accepts(either, [TIE, TIE], [DOWN, UP])
    assert not accepts(either, [TIE + 2.0**-40], [DOWN])  # no tie
    assert not accepts(either, [TIE], [UP + 2.0**-10])
    assert not accepts(either, [TIE], [DOWN - 2.0**-11])


def test_who_truncates_may_yield_either_neighbour_and_no_other() -> None:
    contract = packed(exact(), rounding="directed")
    assert accepts(contract, [1.0001, 1.0001, 1.0], [DOWN, UP, 1.0])
    assert not accepts(contract, [1.0], [UP])
    assert not accepts(contract, [1.0001], [UP + 2.0**-10])


def test_bfloat16_is_rounded_once() -> None:
    contract = packed(exact(), "__bf16")
    just_above_a_tie = 1 + 2.0**-8 + 2.0**-40  # a tie, once it is a float
    for bits, right in ((0x3F81, True), (0x3F80, False)):
        raw = np.array([bits], "<u2").tobytes()
        assert compare("out", raw, expected(contract, np.array([just_above_a_tie]))).within is right


def test_integers_may_leave_the_rounding_to_the_harness_where_ties_go_either_way() -> None:
    with pytest.raises(ContractError, match="that are no integers"):
        expected(packed(exact(), "int8_t"), np.array([2.5]))
    contract = packed(exact(ties="any"), "int8_t")
    assert accepts(contract, [2.5, 2.5, -2.5, -2.5, 2.4, 2.6], [2, 3, -2, -3, 2, 3], "<i1")
    for wrong in ([2.5, 4], [2.5, 1], [2.4, 3], [2.6, 2]):
        assert not accepts(contract, wrong[:1], wrong[1:], "<i1")


def test_the_proof_takes_for_moved_only_what_a_kernel_may_not_yield() -> None:
    """A defect that moves a result by less than its rounding does not show."""
    stream = InputStream()
    hidden = op(
        "_Float16 f(const double *x, size_t n)",
        inputs="x[n]",
        reference=lambda x: 1 + 1e-6 * x.sum(),
        tolerance=exact(),
        suites={"sensitivity": every(2, 5)},
    )
    _, gaps = find_gaps(hidden, cases_of(hidden), lambda case: stream.inputs(hidden, case))
    assert "n 2: an element of x ignored hidden at 2 of 2" in map(str, gaps)
    shown = packed(exact())
    assert find_gaps(shown, cases_of(shown)[:9], lambda case: stream.inputs(shown, case))[1] == []


def test_a_way_to_break_ties_that_is_none_is_refused() -> None:
    with pytest.raises(ContractError, match="exact: ties='odd'; expected 'even' or 'any'"):
        exact(ties="odd")  # type: ignore[arg-type]


@pytest.mark.parametrize("number_format", ["<f2", "<f4", "<f8"])
def test_neighbours_are_numpys_where_numpy_rounds_once(number_format: str) -> None:
    random = np.random.default_rng(7)
    bits = random.integers(0, 2**64, 50_000, np.uint64).view(np.float64)
    scaled = np.ldexp(random.normal(size=50_000), random.integers(-160, 130, 50_000))
    numbers = np.concatenate([bits, scaled, [0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, 65519.99, 65520.0]])
    found = neighbours(numbers, number_format)
    np.testing.assert_array_equal(found.nearest, numbers.astype(number_format).astype(np.float64))
    finite = np.isfinite(found.nearest) & np.isfinite(found.other)
    between = (found.nearest[finite] - numbers[finite]) * (found.other[finite] - numbers[finite]) <= 0
    assert between.all()
    assert not (found.is_tie & (found.nearest == found.other)).any()


def test_every_bfloat16_is_its_own_neighbour() -> None:
    every_one = (np.arange(2**16, dtype="<u4") << 16).view("<f4").astype(np.float64)
    found = neighbours(every_one, BF16)
    np.testing.assert_array_equal(found.nearest, every_one)
    np.testing.assert_array_equal(found.other, every_one)
