"""The suites that follow from a contract: of ops that nobody bundles, and how a contract changes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.contract import (
    absolute,
    dominant,
    each,
    every,
    exact,
    max_of,
    min_of,
    op,
    rows,
    sparse,
    standard,
    suite,
    sum_of,
)
from harness.contract.loading import load_contracts
from harness.errors import ContractError
from harness.judge.reference import Oracle
from harness.model import Case, Contract, Selection
from harness.model.patterns import Dominant, Peak, Sparse, Special
from harness.numerics.inputs import InputStream
from harness.plan import make_cases
from harness.sensitivity.gaps import find_gaps

DOT_I8 = op(
    "int32_t dot_i8(const int8_t *x, const int8_t *y, size_t len)",
    inputs="x[len], y[len]",
    reference=np.dot,
    tolerance=exact(),
)
BLEND_U16 = op(
    "void blend_u16(uint16_t *out, const uint16_t *x, const uint16_t *y, size_t len, uint16_t alpha)",
    inputs="x[len], y[len]",
    outputs="out[len]",
    scalars={"alpha": [0, 255, 256]},
    reference=lambda x, y, alpha: (x * alpha + y * (256 - alpha)) >> 8,
    tolerance=exact(),
    in_place=[("out", "x")],
)


def cosine(x: Any) -> Any:
    """By name: np.cos does not say whether it takes the input or the sine, which is known by then."""
    return np.cos(x)


SIN_COS = op(
    "void sin_cos(double *s, double *c, const double *x, size_t len)",
    inputs="x[len]",
    outputs="s[len], c[len]",
    reference=lambda x: {"s": np.sin(x), "c": np.cos(x)},
    passes=[
        each("s", np.sin, roundings=2, magnitude=lambda x: 1 + abs(x)),
        each("c", cosine, roundings=2, magnitude=lambda x: 1 + abs(x)),
    ],
)
COUNT_BYTE = op(
    "size_t count_byte(const uint8_t *text, size_t len, uint8_t byte)",
    inputs="text[len]",
    scalars={"byte": [0, 10, 32]},
    reference=lambda text, byte: np.count_nonzero(text == byte),
    tolerance=exact(),
)
RANGE = op(
    "void range_of(float *least, float *most, const float *x, size_t len)",
    inputs="x[len]",
    outputs="least[1], most[1]",
    reference=lambda x: {"least": [x.min(initial=np.inf)], "most": [x.max(initial=-np.inf)]},
    passes=[min_of("least", lambda x: x), max_of("most", lambda x: x)],
)
TRANSPOSE = op(
    "void transpose(double *out, size_t ldo, const double *x, size_t ldx, size_t m, size_t n)",
    inputs="x[m, n : ldx]",
    outputs="out[n, m : ldo]",
    reference=lambda x: x.T,
    passes=[each("out", lambda x: x.T, roundings=0)],
)
FILTER = op(
    "void filter(float *out, const float *x, const float *taps, size_t n, size_t k)",
    inputs="x[n + k], taps[k]",
    outputs="out[n]",
    reference=lambda x, taps, n, k: np.array([(x[i : i + k] * taps).sum() for i in range(n)]),
    tolerance=absolute(1e-3),
)
ROTATE = op(
    "void rotate(float *out, const float *angle)",
    inputs="angle[4]",
    outputs="out[4]",
    reference=lambda angle: -angle,
    passes=[each("out", lambda angle: -angle, roundings=0)],
)
SQUARE = op(
    "void square(float *out, const float *x, size_t n)",
    inputs="x[n, n]",
    outputs="out[n, n]",
    reference=lambda x: 2 * x,
    passes=[each("out", lambda x: 2 * x, roundings=1)],
)
ALL = [DOT_I8, BLEND_U16, SIN_COS, COUNT_BYTE, RANGE, TRANSPOSE, FILTER, ROTATE, SQUARE]


def cases_of(contract: Contract, suite: str = "") -> tuple[Case, ...]:
    suites = (suite,) if suite else ()
    return make_cases(contract, contract.conventions, Selection(suites=suites), 256)


@pytest.mark.parametrize("contract", ALL, ids=lambda contract: contract.op)
def test_every_case_of_an_unknown_op_has_inputs_and_an_expectation(contract: Contract) -> None:
    oracle, stream = Oracle(contract), InputStream()
    cases = cases_of(contract)
    assert {"boundary", "sensitivity", "special", "placement"} <= {case.suite for case in cases}
    assert len({case.id for case in cases}) == len(cases)
    small = [case for case in cases if all(size <= 300 for _, size in case.sizes)]
    assert len(small) > len(cases) // 2
    with np.errstate(all="ignore"):
        for case in small[::3]:
            oracle.expect(case, stream.inputs(contract, case))


@pytest.mark.parametrize("contract", [DOT_I8, SIN_COS, RANGE, TRANSPOSE], ids=lambda contract: contract.op)
def test_every_element_of_an_unknown_op_shows(contract: Contract) -> None:
    stream = InputStream()
    cases = [case for case in cases_of(contract) if all(size <= 33 for _, size in case.sizes)]
    sizes, gaps = find_gaps(contract, cases, lambda case: stream.inputs(contract, case))
    assert sizes > 20
    assert [str(gap) for gap in gaps if not gap.is_sampled] == []


def values_of(contract: Contract) -> set[str]:
    return {case.pattern.value for case in cases_of(contract, "special") if isinstance(case.pattern, Special)}


def test_special_values_are_those_of_the_types_that_are_read() -> None:
    assert values_of(DOT_I8) == values_of(COUNT_BYTE) == {"lowest", "highest", "zero", "one"}
    assert {"nan", "-subnormal", "-largest-subnormal"} <= values_of(SIN_COS)
    assert "largest" in values_of(RANGE)
    assert "largest" not in values_of(SIN_COS)  # whether it overflows may be the kernel's choice


def test_buffers_may_be_one_where_the_contract_says_so() -> None:
    assert any(case.placement.alias for case in cases_of(BLEND_U16, "placement"))
    assert not any(case.placement.alias for case in cases_of(SIN_COS, "placement"))
    # Every alignment of the narrowest element over a cache line.
    assert len({case.placement.offsets for case in cases_of(DOT_I8, "placement")}) == 64


def test_maxima_and_minima_have_a_peak_at_each_position() -> None:
    peaks = [case for case in cases_of(RANGE, "sensitivity") if dict(case.sizes)["len"] == 33]
    for lowest in (False, True):
        at = {
            case.pattern.position
            for case in peaks
            if isinstance(case.pattern, Peak) and case.pattern.is_lowest == lowest
        }
        assert at == set(range(33))
    assert {case.suite for case in cases_of(RANGE, "long")} == {"long"}


def identity(c_type: str) -> Contract:
    return op(
        f"void f(const {c_type} *x, {c_type} *out, size_t n)",
        inputs="x[n]",
        outputs="out[n]",
        reference=np.positive,
        passes=[each("out", np.positive, roundings=0)],
    )


def summed(c_type: str) -> Contract:
    passes = [sum_of("return", lambda x: x)]
    return op(f"float f(const {c_type} *x, size_t n)", inputs="x[n]", reference=np.sum, passes=passes)


def huge_sizes(contract: Contract) -> list[int]:
    assert contract.suites["huge"].is_on_request
    cases = cases_of(contract, "huge")
    assert all(isinstance(case.pattern, Sparse) for case in cases)
    return [dict(case.sizes)["n"] for case in cases]


def test_rows_beyond_2_gib_follow_the_width_of_elements_and_are_on_request() -> None:
    assert huge_sizes(summed("float")) == [2**29 + 3, 2**30 + 5, 2**31 + 7]
    assert huge_sizes(summed("_Float16")) == [2**30 + 3, 2**31 + 5]
    assert huge_sizes(identity("double")) == [2**28 + 3, 2**29 + 5]
    assert "huge" not in {case.suite for case in cases_of(summed("float"))}
    assert "huge" not in RANGE.suites  # its outputs are no rows
    assert "huge" not in DOT_I8.suites  # there are no passes to evaluate on a row that is not held


def test_sizes_are_bounded_by_what_buffers_take() -> None:
    lengths = [dict(case.sizes)["n"] for case in cases_of(SQUARE)]
    assert max(lengths) ** 2 * 2 <= 1 << 20
    assert max(lengths) > 256


def test_distances_of_rows_are_no_sizes_of_their_own() -> None:
    for case in cases_of(TRANSPOSE):
        sizes = dict(case.sizes)
        assert sizes["ldx"] >= sizes["n"]
        assert sizes["ldo"] >= sizes["m"]


# ---- changes -------------------------------------------------------------------------------------------------------


def doubled(**more: Any) -> Contract:
    return op(
        "void f(float *x, size_t n)",
        inout="x[n]",
        reference=lambda x: 2 * x,
        passes=[each("x", lambda x: 2 * x, roundings=1)],
        **more,
    )


def test_a_contract_adds_replaces_and_takes_away_with_a_reason() -> None:
    usual = doubled()
    changed = doubled(
        suites=standard([3, 5], [70_000]).without("huge", because="no machine has the memory")
        | {"residues": every(1, 3), "mine": suite(rows(dominant(), [7]), proves=True)}
    )
    assert [*usual.suites] == ["boundary", "residues", "sensitivity", "special", "placement", "huge"]
    assert [*changed.suites] == ["boundary", "residues", "sensitivity", "special", "placement", "mine"]
    assert [dict(case.sizes)["n"] for case in changed_cases(changed, "boundary")] == [0, 3, 5, 1024, 70_000]
    assert [dict(case.sizes)["n"] for case in changed_cases(changed, "residues")] == [1, 2, 3]
    assert changed.suites["mine"].is_proving
    assert changed.conventions.lines == ("no suite 'huge' (no machine has the memory)",)


def changed_cases(contract: Contract, suite: str) -> list[Case]:
    return sorted(cases_of(contract, suite), key=lambda case: case.sizes)


def test_a_mapping_alone_is_all_there_is_and_its_names_mean_what_those_of_standard_suites_do() -> None:
    found = doubled(
        suites={"sensitivity": [3], "visible": [4], "long": [5], "big": [sparse(dominant(), 2**30)], "other": [6]}
    ).suites
    assert {name: (s.is_proving, s.is_in_one_build, s.is_on_request) for name, s in found.items()} == {
        "sensitivity": (True, False, False),
        "visible": (True, False, False),
        "long": (True, True, False),
        "big": (False, False, True),
        "other": (False, False, False),
    }


def test_the_sums_of_narrow_types_repeat_their_rows() -> None:
    counts = {
        c_type: sum(dict(case.sizes)["n"] == 33 for case in cases_of(summed(c_type), "sensitivity"))
        for c_type in ("float", "_Float16", "__bf16")
    }
    assert counts == {"float": 2, "_Float16": 8, "__bf16": 16}
    assert "long" in summed("float").suites
    assert "long" not in summed("__bf16").suites
    assert all(isinstance(case.pattern, Dominant) for case in cases_of(summed("float"), "long"))


@pytest.mark.parametrize(
    ("suites", "message"),
    [
        ("standard().without('hug', because='x')", "no such standard suite (perhaps you meant 'huge')"),
        ("standard().without('huge', because=' ')", "takes the names of suites and a reason"),
        ("standard([1.5])", "is no list of sizes"),
        ("standard('12')", "is no list of sizes"),
        ("standard(special='nan')", "special='nan' has to be a list: ['nan']"),
        ("standard(special=['infty'])", "unknown value 'infty' (perhaps you meant 'inf')"),
        ("standard({'n': [1]})", "f needs a list of sizes"),
        ("standard(repeats=0)", "repeats=0; expected a number from 1 on"),
        ("standard() | {'size': [3]}", "the name 'size' is that of a suite of the harness's own"),
        ("{'mine': [3, sparse(dominant(), 2**30)]}", "sparse(...) rows need a suite of their own"),
        ("{'mine': suite(3)}", "suite: 3 is no list of cases"),
        ("[3]", "suites: expected case matrices by name"),
    ],
)
def test_a_mistake_in_suites_is_refused_with_file_and_line(tmp_path: Path, suites: str, message: str) -> None:
    assert message in refusal(tmp_path, f"from harness.contract import *\n{DOUBLED.format(suites=suites)}")


DOUBLED = (
    "f = op('void f(float *x, size_t n)', inout='x[n]', reference=lambda x: 2 * x,\n"
    "       passes=[each('x', lambda x: 2 * x, roundings=1)], suites={suites})\n"
)


def refusal(folder: Path, text: str) -> str:
    path = folder / "mine.py"
    path.write_text(text)
    with pytest.raises(ContractError) as caught:
        load_contracts(path)
    assert str(caught.value).startswith(f"{path}:")
    return str(caught.value)


@pytest.mark.parametrize(("before", "now"), [("loud", "dominant"), ("loud_subsets", "dominant_subsets")])
def test_a_name_of_earlier_versions_is_refused_with_the_one_of_now(tmp_path: Path, before: str, now: str) -> None:
    assert f"'{before}' is called '{now}' now" in refusal(tmp_path, f"from harness.contract import {before}\n")


def test_the_lowest_of_nothing_is_infinity_and_the_highest_minus_infinity() -> None:
    (empty,) = (case for case in cases_of(RANGE, "boundary") if case.sizes == (("len", 0),))
    with np.errstate(all="ignore"):
        expected = Oracle(RANGE).expect(empty, InputStream().inputs(RANGE, empty))
    assert (expected["least"].want.tolist(), expected["most"].want.tolist()) == ([np.inf], [-np.inf])
