"""Calibration of the bundled contracts: correct ways to compute each op pass every case, and wrong ones do not."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from harness.contract.functions import parameters_of
from harness.judge.compare import compare
from harness.judge.reference import Expected, Oracle
from harness.model import Case, Contract, Selection
from harness.numerics.formats import places, rounded, widened
from harness.numerics.inputs import InputStream
from harness.plan import make_cases
from harness.project import bundled_contract

F32 = np.float32
Row = Any
Add = Callable[[Row], Row]
Kernel = Callable[..., Any]
SUITES = {
    "boundary": 3,
    "sensitivity": 3,
    "special": 1,
    "counts": 3,
    "ties": 3,
    "offset": 1,
    "overflow": 1,
    "underflow": 1,
    "far out": 1,
}
"""Every how manieth case is taken."""


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    with np.errstate(all="ignore"):
        yield


@cache
def judged(op: str) -> list[tuple[Case, Mapping[str, Any], Expected]]:
    """An op's cases with what a kernel gets and what it must yield; of long rows a few."""
    contract = bundled_contract(op)
    oracle, stream = Oracle(contract), InputStream()
    found: list[tuple[Case, Mapping[str, Any], Expected]] = []
    with np.errstate(all="ignore"):
        for suite, step in SUITES.items():
            if suite in contract.suites:
                for case in make_cases(contract, contract.conventions, Selection(suites=(suite,)), 128)[::step]:
                    inputs = stream.inputs(contract, case)
                    ((_, expected),) = oracle.expect(case, inputs).items()
                    found.append((case, arguments(contract, case, inputs), expected))
    return found


def arguments(contract: Contract, case: Case, inputs: Mapping[str, Row]) -> dict[str, Any]:
    """What a kernel gets, as float32 where it is narrower, arrays with their dimensions."""
    given: dict[str, Any] = {**dict(case.sizes), **dict(case.scalars)}
    for parameter in contract.prototype.buffers:
        if parameter.name in inputs:
            layout = contract.layout(parameter.name, dict(case.sizes))
            flat = inputs[parameter.name]
            flat = flat[places(layout)] if layout and layout.has_gaps else flat
            single = widened(flat, parameter.type.number_format).astype(F32)
            given[parameter.name] = single.reshape(layout.shape) if layout else single
    return given


def wrong_cases(op: str, kernel: Kernel, suite: str = "") -> tuple[int, int]:
    """How many cases a way to compute the op fails, of how many; of one suite or all."""
    cases = [one for one in judged(op) if suite in ("", one[0].suite)]
    takes = parameters_of(kernel)
    failed = 0
    for _, given, expected in cases:
        result = np.ravel(kernel(**{name: given["x" if name == "terms" else name] for name in takes}))
        flat = rounded(result, expected.dtype) if expected.dtype not in ("<u8",) else result.astype("<u8")
        if expected.places is None:
            memory = flat
        else:
            memory = np.zeros(int(expected.places.max(initial=-1)) + 1, flat.dtype)
            memory[expected.places] = flat
        failed += not compare("out", memory.tobytes(), expected).within
    return failed, len(cases)


def strided(accumulators: int) -> Add:
    """Sums over the last axis by so many running sums in float32."""

    def add(terms: Row) -> Row:
        count = terms.shape[-1]
        padding = -max(count, 1) % accumulators + (count == 0)
        padded = np.concatenate([terms, np.zeros((*terms.shape[:-1], padding), F32)], axis=-1)
        blocks = padded.shape[-1] // accumulators
        lanes = np.cumsum(padded.reshape(*terms.shape[:-1], blocks, accumulators), axis=-2, dtype=F32)[..., -1, :]
        total: Row = np.cumsum(lanes, axis=-1, dtype=F32)[..., -1]
        return total

    return add


def pairwise(terms: Row) -> Row:
    while terms.shape[-1] > 1:
        if terms.shape[-1] % 2:
            terms = np.concatenate([terms, np.zeros((*terms.shape[:-1], 1), F32)], axis=-1)
        terms = terms[..., 0::2] + terms[..., 1::2]
    return terms[..., 0] if terms.shape[-1] else np.zeros(terms.shape[:-1], F32)


ORDERS: dict[str, Add] = {"1": strided(1), "4": strided(4), "16": strided(16), "64": strided(64), "pairwise": pairwise}


def layer_norm(add: Add, divisor: int = 0, dropped: int = 0) -> Kernel:
    def kernel(row: Row, gamma: Row, beta: Row, eps: float) -> Row:
        if row.size == 0:
            return row
        count = F32(max(row.size + divisor, 1))
        kept = row[: row.size - dropped]
        mean = F32(add(kept) / count)
        deviation = row - mean
        variance = F32(add(np.square(deviation)) / count)
        return deviation * (F32(1) / np.sqrt(variance + F32(eps))) * gamma + beta

    return kernel


SUMS: dict[str, Callable[[Add], Kernel]] = {
    "layer_norm_f32": layer_norm,
    "gemv_f32": lambda add: lambda a, x: add(a * x),
    "gemm_f32": lambda add: lambda a, b: add(np.ascontiguousarray(np.swapaxes(a[:, :, None] * b, 1, 2))),
    "sum_f16": lambda add: add,
    "dot_bf16": lambda add: lambda x, y: add(x * y),
}


@pytest.mark.parametrize("op", SUMS)
@pytest.mark.parametrize("order", ORDERS)
def test_every_order_of_summation_passes(op: str, order: str) -> None:
    assert wrong_cases(op, SUMS[op](ORDERS[order]))[0] == 0


def test_the_order_of_this_test_is_the_one_it_says() -> None:
    terms = np.array([1.0, 2.0**-24, 2.0**-24, 2.0**-24], F32)
    assert strided(1)(terms) == 1.0
    assert pairwise(terms) > 1.0
    assert strided(4)(np.arange(10, dtype=F32)) == pairwise(np.arange(10, dtype=F32)) == 45.0


def by_libm(function: Callable[[Row], Row], ulps: int) -> Kernel:
    """A correct function that is off by so many units in the last place, in turn up and down."""

    def kernel(x: Row) -> Row:
        right = function(x.astype(np.float64)).astype(F32)
        bits = right.view("<i4") + np.where(np.arange(x.size) % 2, ulps, -ulps)
        return np.where((np.abs(right) < 0.99) & (np.abs(right) > 1e-30), bits.astype("<i4").view(F32), right)

    return kernel


def gelu(x: Row) -> Row:
    return np.where(x == -np.inf, -0.0, x / (1 + np.exp(-2 * np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))))


SMALLEST_NORMAL = np.finfo(F32).smallest_normal


def flushed(x: Row, smallest: float = float(SMALLEST_NORMAL)) -> Row:
    return np.where(np.abs(x) < smallest, F32(0), x)


FLUSHING: dict[str, Kernel] = {
    "exp_f32": lambda x: flushed(np.exp(x.astype(np.float64)).astype(F32)),
    "tanh_f32": lambda x: np.tanh(flushed(x).astype(np.float64)),
    "gelu_f32": lambda x: gelu(flushed(x).astype(np.float64)),
    "scale_f32": lambda x, a: F32(a) * flushed(x),
    "relu_f32": lambda x: np.maximum(flushed(x), F32(0)),
    "axpy_f16": lambda y, x, a: flushed(y, 2.0**-14) + F32(a) * flushed(x, 2.0**-14),
}


@pytest.mark.parametrize("op", FLUSHING)
def test_who_flushes_subnormals_fails(op: str) -> None:
    assert wrong_cases(op, FLUSHING[op])[0] >= 2


def one_pass(row: Row, gamma: Row, beta: Row, eps: float) -> Row:
    """The variance as a difference of the mean square and the squared mean."""
    if row.size == 0:
        return row
    mean = pairwise(row) / F32(row.size)
    variance = pairwise(row * row) / F32(row.size) - mean * mean
    return (row - mean) * (F32(1) / np.sqrt(variance + F32(eps))) * gamma + beta


def test_a_variance_that_cancels_fails_in_every_row_with_an_offset() -> None:
    in_suite = [case for case, _, _ in judged("layer_norm_f32") if case.suite == "offset"]
    assert len(in_suite) == 4
    assert wrong_cases("layer_norm_f32", one_pass, "offset") == (4, 4)
    assert wrong_cases("layer_norm_f32", layer_norm(pairwise), "offset") == (0, 4)


FUNCTIONS: dict[str, Callable[[Row], Row]] = {"exp_f32": np.exp, "tanh_f32": np.tanh, "gelu_f32": gelu}


@pytest.mark.parametrize("op", FUNCTIONS)
def test_a_function_within_three_ulp_passes_and_one_off_by_more_fails(op: str) -> None:
    assert wrong_cases(op, by_libm(FUNCTIONS[op], 3))[0] == 0
    assert wrong_cases(op, by_libm(FUNCTIONS[op], 12))[0] > 20


def tanhf(x: Row) -> Row:
    """The tangent of the C library, element by element."""
    function = ctypes.CDLL("libm.so.6").tanhf
    function.restype, function.argtypes = ctypes.c_float, [ctypes.c_float]
    return np.array([function(value) for value in x.tolist()], F32)


def gelu_as_documented(x: Row) -> Row:
    """By the formula, in single precision; at minus infinity the limit, where the product is NaN."""
    scale, half = np.sqrt(F32(2) / F32(np.pi)), F32(0.5)
    return np.where(x == -np.inf, F32(-0.0), half * x * (F32(1) + tanhf(scale * (x + F32(0.044715) * x * x * x))))


def test_gelu_by_the_formula_of_its_documentation_passes() -> None:
    assert wrong_cases("gelu_f32", gelu_as_documented)[0] == 0


def test_gelu_by_its_formula_is_within_the_tolerance_of_every_float() -> None:
    """A sample of all: every exponent and sign, and densely where the sum of 1 and the tangent cancels."""
    random = np.random.default_rng(3)
    everywhere = random.integers(0, 2**32, 40_000, np.uint32).view(F32)
    cancelling = random.uniform(-12, 2, 40_000).astype(F32)
    ends = np.array([0.0, -0.0, 1e-45, -1e-45, 3.4028235e38, -3.4028235e38], F32)
    x = np.concatenate([everywhere[np.isfinite(everywhere)], cancelling, ends])
    contract = bundled_contract("gelu_f32")
    case = next(case for case, _, _ in judged("gelu_f32") if case.suite == "boundary")
    whole = replace(case, sizes=(("len", x.size),))
    expected = Oracle(contract).expect(whole, {"x": x})["out"]
    assert compare("out", gelu_as_documented(x).tobytes(), expected).wrong_elements == 0
    # What positive results are held to is as before: a few units in the last place.
    assert (expected.tolerance[x > 2**-10] <= 16 * expected.ulp[x > 2**-10]).all()
    usual = (x > 1e-30) & (x < 1e30)
    off = np.where(usual, expected.want * (1 + 2.0**-19), expected.want).astype(F32)
    assert compare("out", off.tobytes(), expected).wrong_elements == np.count_nonzero(usual) > 20_000


def test_gelu_by_the_error_function_is_another_op() -> None:
    erf = np.vectorize(math.erf, otypes=[np.float64])
    failed, cases = wrong_cases("gelu_f32", lambda x: x / 2 * (1 + erf(x.astype(np.float64) / np.sqrt(2))))
    assert failed > cases // 2


RIGHT: dict[str, Kernel] = {
    "min_f32": lambda x: np.min(x, initial=np.inf),
    "argmax_f32": lambda x: np.argmax(x) if x.size else np.array(0),
    "scale_f32": lambda x, a: F32(a) * x,
    "relu_f32": lambda x: np.maximum(x, F32(0)),
    "axpy_f16": lambda y, x, a: y + F32(a) * x,
}


@pytest.mark.parametrize("op", RIGHT)
def test_what_is_right_passes(op: str) -> None:
    assert wrong_cases(op, RIGHT[op])[0] == 0


def last_of_equals(x: Row) -> Row:
    return np.array(x.size - 1 - np.argmax(x[::-1]) if x.size else 0)


def half_by_half(y: Row, x: Row, a: float) -> Row:
    """Both operations in half precision: within the contract, too."""
    return y.astype("<f2") + (F32(a) * x).astype("<f2")


def test_half_precision_throughout_is_within_the_contract_of_axpy_f16() -> None:
    assert wrong_cases("axpy_f16", half_by_half)[0] == 0


WRONG: dict[str, tuple[str, Kernel, int]] = {
    "drops the last element": ("min_f32", lambda x: np.min(x[:-1], initial=np.inf), 10),
    "starts at zero": ("min_f32", lambda x: np.min(x, initial=0), 2),
    "takes the last of equal ones": ("argmax_f32", last_of_equals, 10),
    "skips an element": ("argmax_f32", lambda x: np.argmax(np.delete(x, 1)) if x.size > 1 else np.array(0), 50),
    "ignores the factor": ("scale_f32", lambda x: x, 20),
    "is a clamp to one": ("relu_f32", lambda x: np.clip(x, F32(0), F32(1)), 10),
    "loses NaN": ("relu_f32", lambda x: np.where(x > 0, x, F32(0)), 3),
    "overflows early": ("exp_f32", lambda x: np.where(x > 64, F32(np.inf), np.exp(x)), 1),
    "cancels near zero": ("tanh_f32", lambda x: F32(1) - F32(2) / (np.exp(F32(2) * x) + F32(1)), 20),
    "divides by len - 1": ("layer_norm_f32", layer_norm(pairwise, divisor=-1), 30),
    "drops a term of the mean": ("layer_norm_f32", layer_norm(pairwise, dropped=1), 30),
    "drops the last column": ("gemv_f32", lambda a, x: pairwise(a[:, :-1] * x[:-1]), 50),
    "takes rows for columns": ("gemv_f32", lambda a, x: pairwise(a.reshape(a.shape[::-1]).T * x), 20),
    "drops the k tail": ("gemm_f32", lambda a, b: a[:, :-1] @ b[:-1], 30),
    "adds in half precision": ("sum_f16", lambda x: np.add.reduce(x.astype("<f2"), dtype="<f2"), 30),
    "truncates to bfloat16": (
        "dot_bf16",
        lambda x, y: widened(rounded(np.ravel(pairwise(x * y)), "bf16"), "bf16"),
        30,
    ),
}


@pytest.mark.parametrize("defect", WRONG)
def test_what_is_wrong_fails(defect: str) -> None:
    op, kernel, at_least = WRONG[defect]
    assert wrong_cases(op, kernel)[0] >= at_least
