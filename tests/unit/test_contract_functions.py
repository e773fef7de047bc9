"""What the functions of contracts take, and mistakes that are told where they are made."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.contract import dominant, each, every, exact, op, rows, sizes, sum_of
from harness.contract.functions import bound, formula_of
from harness.contract.loading import load_contracts
from harness.errors import ContractError
from harness.judge.reference import Oracle
from harness.model import Contract, Selection
from harness.numerics.inputs import InputStream
from harness.plan import make_cases
from harness.sensitivity.gaps import find_gaps


class Scaled:
    """An object that can be called."""

    def __call__(self, x: Any, a: Any) -> Any:
        return a * x

    def method(self, x: Any) -> Any:
        return 2 * x


def scaled(x: Any, a: Any, factor: float = 1.0) -> Any:
    return factor * a * x


def positional(x: Any, a: Any, /) -> Any:
    return a * x


def everything(**known: Any) -> Any:
    return known["a"] * known["x"]


@functools.wraps(scaled)
def wrapped(*args: Any, **kwargs: Any) -> Any:
    return scaled(*args, **kwargs)


KNOWN = {"x": np.array([1.0, 2.0]), "a": 3.0, "n": 2}
INPUTS = ["x", "a"]


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        (lambda x, a: a * x, [3, 6]),
        (lambda a, x: a * x, [3, 6]),
        (lambda x, n=7: n * x, [2, 4]),  # a default whose name is known
        (lambda x, unknown=7: unknown * x, [7, 14]),
        (scaled, [3, 6]),
        (wrapped, [3, 6]),
        (positional, [3, 6]),
        (everything, [3, 6]),
        (Scaled(), [3, 6]),
        (Scaled().method, [2, 4]),
        (functools.partial(scaled, a=5), [5, 10]),  # what is bound stays, though the name is known
        (functools.partial(scaled, factor=2), [6, 12]),
        (functools.partial(functools.partial(scaled, factor=2), a=5), [10, 20]),
        (functools.partial(lambda factor, x: factor * x, 4), [4, 8]),
        (functools.partial(everything, a=5), [5, 10]),
        (np.vectorize(lambda x, a: a * x), [3, 6]),
        (np.multiply, [3, 6]),  # by position: the buffers and scalars that are read
        (np.frompyfunc(lambda x, a: a * x, 2, 1), [3, 6]),
        (functools.partial(np.full_like, fill_value=9.0), None),
    ],
)
def test_every_kind_of_function_gets_what_it_takes(function: Callable[..., Any], answer: list[float] | None) -> None:
    formula = formula_of(function, "the reference")
    if answer is None:  # one argument by position, where there are two inputs
        with pytest.raises(ContractError, match="takes 1 argument by position"):
            bound(formula, KNOWN, [INPUTS])
    else:
        assert list(bound(formula, KNOWN, [INPUTS])(KNOWN)) == answer


@pytest.mark.parametrize("function", [np.exp, np.sum, np.linalg.norm, abs, functools.partial(np.multiply, 2.0), float])
def test_functions_without_telling_names_get_the_only_input(function: Callable[..., Any]) -> None:
    if function is float:
        with pytest.raises(ContractError, match="0 arguments by position"):
            bound(formula_of(function, "the reference"), ["x", "n"], [["x"]])
    else:
        assert bound(formula_of(function, "the reference"), ["x", "n"], [["x"]]).takes == ("x",)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (3, "the reference: 3 is no function"),
        (lambda y: y, r"the reference takes 'y', which is not known there; known: x, a, n"),
        (lambda aa: aa, r"takes 'aa', which is not known there \(perhaps you meant 'a'\)"),
        (lambda *args: args, r"the reference takes \*args: name what it takes"),
        (lambda *args, **kwargs: args, r"the reference takes \*args, \*\*kwargs"),
        (
            np.exp,
            r"takes 1 argument by position, and there is another number of them: x, a; .* lambda x: exp\(\.\.\.\)",
        ),
        (max, "nothing says what <built-in function max> takes"),
    ],
)
def test_what_cannot_be_called_is_told(function: Any, message: str) -> None:
    with pytest.raises(ContractError, match=message) as caught:
        bound(formula_of(function, "the reference"), KNOWN, [INPUTS])
    assert re.fullmatch(rf"{__file__}:\d+", caught.value.line)


# ---- whole contracts -----------------------------------------------------------------------------------------------


def judged(contract: Contract) -> None:
    """Evaluate every case of a contract, and its proof."""
    cases, stream = make_cases(contract, contract.conventions, Selection(), 128), InputStream()
    oracle = Oracle(contract)
    with np.errstate(all="ignore"):
        for case in cases:
            oracle.expect(case, stream.inputs(contract, case))
        find_gaps(contract, cases, lambda case: stream.inputs(contract, case))


def test_functions_of_numpy_do_where_lambdas_do() -> None:
    contract = op(
        "void exp_f32(float *out, const float *x, size_t len)",
        inputs="x[len]",
        outputs="out[len]",
        reference=np.exp,
        passes=[
            each("out", np.exp, roundings=functools.partial(lambda x, most: most + abs(x), most=8), magnitude=np.exp)
        ],
        suites={"sensitivity": every(1, 9)},
    )
    assert contract.reference.takes == ("x",)
    judged(contract)
    root = op(
        "float norm_f32(const float *x, size_t len)",
        inputs="x[len]",
        reference=np.linalg.norm,
        passes=[sum_of("energy", np.square), each("return", np.sqrt, roundings=1)],
        suites={"sensitivity": every(1, 9)},
    )
    judged(root)
    spaced = op(
        "void twice_f32(float *out, const float *x, size_t len)",
        inputs="x[len]",
        outputs="out[len]",
        reference=lambda x: 2 * x,
        tolerance=np.abs,
        suites={"sensitivity": every(1, 9)},
    )
    judged(spaced)


def test_of_two_inputs_and_two_results_numpys_functions_leave_it_open() -> None:
    with pytest.raises(ContractError, match="so which is not clear: x, y or one, two"):
        op(
            "float f(const float *x, const float *y, size_t n)",
            inputs="x[n], y[n]",
            reference=lambda x, y: (x + y).sum(),
            passes=[sum_of("one", lambda x: x), sum_of("two", lambda y: y), sum_of("three", np.multiply)],
            suites={"s": [3]},
        )


def matrix(entries: Any, axis: int | None, **changes: Any) -> Contract:
    parts: dict[str, Any] = {
        "inputs": "a[m, k]",
        "outputs": "c[m]",
        "reference": lambda a: a.sum(axis=1),
        "passes": [sum_of("total", lambda a: a, roundings=0, axis=axis), each("c", lambda total: total, roundings=0)],
        "suites": {"sensitivity": entries},
        **changes,
    }
    return op("void f(float *c, const float *a, size_t m, size_t k)", **parts)


ENTRIES = [sizes(dominant(1, 2), m=m, k=k) for m in (1, 2, 3) for k in (1, 2, 5)]


def test_a_sum_of_several_dimensions_without_an_axis_is_told_with_the_line_of_its_pass() -> None:
    judged(matrix(ENTRIES, 1))
    with pytest.raises(ContractError) as caught:
        judged(matrix(ENTRIES, None))
    assert "pass 'c' of f yields shape (1,) for 'c' in sensitivity/m2-k1" in str(caught.value)
    assert "sum_of('total') has no axis=, and so adds up all dimensions of its terms" in str(caught.value)
    assert re.match(rf"{__file__}:\d+: ", str(caught.value))
    with pytest.raises(ContractError, match=r"terms of shape \(1, 1\) for sensitivity/m1-k1-.*, which have no axis 2"):
        judged(matrix(ENTRIES, 2))


def test_all_dimensions_may_be_meant_and_the_proof_plants_in_each_term() -> None:
    contract = op(
        "float f(const float *a, size_t m, size_t k)",
        inputs="a[m, k]",
        reference=lambda a: a.sum(),
        passes=[sum_of("total", lambda a: a, roundings=0), each("return", lambda total: total, roundings=0)],
        suites={"sensitivity": ENTRIES},
    )
    cases, stream = make_cases(contract, contract.conventions, Selection(), 128), InputStream()
    assert find_gaps(contract, cases, lambda case: stream.inputs(contract, case))[0] == len(ENTRIES)
    blind = [case for case in cases if case.label.startswith("m2-k2")]
    drawn = {"a": np.array([1, 0, 2, 0], "<f4")}
    (_, gaps) = find_gaps(contract, blind, lambda case: drawn)
    assert "m 2, k 2: omission in total hidden at 2 of 4" in map(str, gaps)


def test_a_sum_that_is_returned_as_it_is_is_proven() -> None:
    contract = op(
        "float f(const float *x, size_t n)",
        inputs="x[n]",
        reference=np.sum,
        passes=[sum_of("return", lambda x: x, roundings=0)],
        suites={"sensitivity": rows(dominant(1, 2), every(2, 9))},
    )
    stream = InputStream()
    cases = make_cases(contract, contract.conventions, Selection(), 128)
    assert find_gaps(contract, cases, lambda case: stream.inputs(contract, case)) == (8, [])


def test_a_formula_that_takes_single_numbers_only_is_proven_one_at_a_time() -> None:
    import math

    contract = op(
        "float f(const float *x, size_t n)",
        inputs="x[n]",
        reference=lambda x: math.sqrt((x * x).sum()),
        passes=[
            sum_of("energy", lambda x: x * x, roundings=1),
            each("return", lambda energy: math.sqrt(max(energy, 0.0)), roundings=1),
        ],
        suites={"sensitivity": rows(dominant(1, 2), every(2, 9))},
    )
    judged(contract)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda total: np.zeros(3), r"pass 'return' of f yields shape \(3,\) for 'return'"),
        (lambda total: None, r"pass 'return' of f for sensitivity/n2-dominant1of1 returned None"),
        (lambda total: np.atleast_1d(total).astype(np.float32), "pass 'return' of f for .* returned float32"),
    ],
)
def test_passes_answer_numbers_of_their_shape(function: Callable[..., Any], message: str) -> None:
    contract = op(
        "float f(const float *x, size_t n)",
        inputs="x[n]",
        reference=np.sum,
        passes=[sum_of("total", lambda x: x), each("return", function, roundings=0)],
        suites={"sensitivity": rows(dominant(1, 2), [2])},
    )
    with pytest.raises(ContractError, match=message):
        judged(contract)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"roundings": lambda x: -1.0 - x * x}, "the roundings of pass 'x' of f come to .* and cannot be negative"),
        (
            {"roundings": 1, "magnitude": lambda x: x},
            r"the magnitude of pass 'x' of f come to .*; take its magnitude, abs",
        ),
        ({"roundings": lambda x: None}, "the roundings of pass 'x' of f for s/n3 returned None"),
    ],
)
def test_bounds_are_not_negative(changes: dict[str, Any], message: str) -> None:
    contract = op(
        "void f(float *x, size_t n)",
        inout="x[n]",
        reference=lambda x: 2 * x,
        passes=[each("x", lambda x: 2 * x, **changes)],
        suites={"s": [3]},
    )
    with pytest.raises(ContractError, match=message):
        judged(contract)


# ---- told where it is made -----------------------------------------------------------------------------------------

LINES = """from functools import partial
import numpy as np
from harness.contract import *

f = op(
    PROTOTYPE,
    INPUTS,
    reference=REFERENCE,
    passes=[
        each("out", FORMULA, roundings=ROUNDINGS, magnitude=MAGNITUDE),
    ],
    scalars=SCALARS,
    pattern=PATTERN,
    suites=SUITES,
    MORE
)
"""
GOOD = {
    "PROTOTYPE": '"void f(float *out, const float *x, size_t n, float a, int8_t b)"',
    "INPUTS": 'inputs="x[n]", outputs="out[n]"',
    "REFERENCE": "lambda x, a, b: a * x",
    "FORMULA": "lambda x, a: a * x",
    "ROUNDINGS": "1",
    "MAGNITUDE": "None",
    "SCALARS": '{"a": [2.0, np.float32(3)], "b": [1, -128]}',
    "PATTERN": "normal((-3, 3))",
    "SUITES": '{"boundary": (n for n in range(9)), "other": every(1, 3)}',
    "MORE": "",
}


@pytest.mark.parametrize(
    ("changes", "line", "message"),
    [
        ({"REFERENCE": "lambda y: y"}, 8, "reference takes 'y', which is not known there"),
        ({"REFERENCE": "lambda out: out"}, 8, "reference takes 'out', which is not known there; known: x, a, b, n"),
        ({"REFERENCE": "partial(lambda y, z: z, 3)"}, 8, "reference takes 'z'"),
        ({"FORMULA": "lambda y: y"}, 10, "pass 'out' takes 'y'"),
        ({"ROUNDINGS": "lambda x, energy: 3"}, 10, "the roundings of pass 'out' takes 'energy'"),
        ({"MAGNITUDE": "lambda xx: 3"}, 10, "the magnitude of pass 'out' takes 'xx'"),
        ({"ROUNDINGS": "-1"}, 10, "pass 'out': -1 is no number of roundings"),
        ({"ROUNDINGS": "'1'"}, 10, "the roundings of pass 'out': '1' is no function"),
        ({"FORMULA": "3"}, 10, "pass 'out': 3 is no function"),
        ({"SCALARS": '{"a": 1e39, "b": 1}'}, 5, "scalars: 'a': 1e+39 is too large for float"),
        ({"SCALARS": '{"a": 1.0, "b": 128}'}, 5, "scalars: 'b': 128 is no int8_t, which has -128 to 127"),
        ({"SCALARS": '{"a": 1.0, "b": 0.5}'}, 5, "scalars: 'b': 0.5 is no int8_t"),
        ({"SCALARS": '{"a": "1", "b": 0}'}, 5, "scalars: 'a' needs a number or a list of numbers"),
        ({"PATTERN": "normal"}, 5, "is no pattern; expected normal()"),
        ({"PATTERN": "normal((3, -3))"}, 13, "scale_exponents: expected two integers, the lower one first"),
        ({"PATTERN": "normal(3)"}, 13, "scale_exponents: expected two integers"),
        ({"PATTERN": "normal((0, 127))"}, 5, "pattern: of normal rows the largest number is 6.81e+38, which float x"),
        ({"PATTERN": "normal((0, 5000))"}, 5, "the largest number is inf, which float x does not hold"),
        ({"PATTERN": "normal((-200, -160))"}, 5, "which is zero in float x"),
        (
            {"PATTERN": "dominant(2, 1)"},
            13,
            "dominant(2, 1, background=0.0): expected two finite numbers, the lower one first",
        ),
        ({"SUITES": "{}"}, 5, "f has no suites"),
        ({"SUITES": '{"boundary": []}'}, 5, "suite 'boundary' has no cases"),
        ({"SUITES": '{"boundary": 3}'}, 5, "suite 'boundary': 3 is no list of cases"),
        ({"SUITES": '{"gate": [3]}'}, 5, "the name 'gate' is that of a suite of the harness's own"),
        ({"SUITES": '{"a/b": [3]}'}, 5, "the name 'a/b' cannot hold / or a comma"),
        ({"SUITES": '{"s": [every(1, 3)]}'}, 5, "is no size or case; put * in front of what makes several"),
        ({"SUITES": '{"s": [1.5]}'}, 5, "1.5 is no size"),
        (
            {"SUITES": '{"s": placements(in_place=True)}'},
            5,
            "placements(in_place=True) needs the buffers that may be one",
        ),
        ({"MORE": 'ranges={"out": 3}'}, 5, "ranges: 'out' needs a lower and an upper bound"),
        ({"MORE": 'ranges={"out": (1, 0)}'}, 5, "ranges: 'out' needs a lower and an upper bound"),
        ({"MORE": 'ranges={"y": (0, 1)}'}, 5, "ranges: 'y' is no output"),
        ({"MORE": 'in_place=["out"]'}, 5, "in_place: 'out' is no pair of an output and an input"),
        ({"MORE": 'in_place=[("x", "out")]'}, 5, "in_place: 'x' is in none of the outputs; a pair is (output, input)"),
        ({"MORE": "tolerance=exact"}, 5, "a contract has passes (an error model) or a tolerance"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, changes: dict[str, str], line: int, message: str) -> None:
    text = LINES
    for name, part in {**GOOD, **changes}.items():
        text = text.replace(name, part)
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(ContractError) as caught:
        load_contracts(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_the_contract_without_a_mistake_loads_and_its_generators_are_not_used_up(tmp_path: Path) -> None:
    text = LINES
    for name, part in GOOD.items():
        text = text.replace(name, part)
    path = tmp_path / "mine.py"
    path.write_text(text)
    contract = load_contracts(path)["f"]
    assert len(contract.suites["boundary"](4)) == 9
    assert contract.scalars == {"a": (2.0, 3.0), "b": (1, -128)}
    judged(contract)


def test_a_tolerance_that_is_not_called_is_told() -> None:
    with pytest.raises(ContractError, match=r"tolerance: exact has to be called: tolerance=exact\(\.\.\.\)"):
        op("void f(float *x, size_t n)", inout="x[n]", reference=abs, tolerance=exact, suites={"s": [3]})
