"""Where a failing element lies, and how numbers are written for a person and for a compiler."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.commands.replay.evidence import Element, Evidence, _table, position, ranges
from harness.model import ANYWHERE, Case, Layout
from harness.model.patterns import Normal
from harness.model.prototype import SCALAR_TYPES
from harness.project import bundled_contract
from harness.shrinking.minimal import _element_in_c, _literal, describe, number_text, values_text
from harness.shrinking.search import Candidate


def test_an_element_of_the_body_has_a_lane_and_an_iteration() -> None:
    said = position(Evidence((), "row", worst=37, length=100, wrong=(37,), lanes=8))
    assert said == [
        "row[37] is lane 5 of 8",
        "in a loop of 1 vector (8 elements an iteration): iteration 4 of 12, counted from 0",
        "in a loop of 4 vectors (32 elements an iteration): iteration 1 of 3, counted from 0",
        "1 of 100 elements are wrong or differ: 37; lanes 5",
    ]


def test_the_tail_is_told() -> None:
    said = position(Evidence((), "row", worst=97, length=100, wrong=(96, 97, 98, 99), lanes=8))
    assert said[1:] == [
        "in a loop of 1 vector (8 elements an iteration): in the tail, which is 4 elements behind 12 full iterations; "
        "all marked elements are there",
        "in a loop of 4 vectors (32 elements an iteration): in the tail, which is 4 elements behind 3 full iterations; "
        "all marked elements are there",
        "4 of 100 elements are wrong or differ: 96 to 99; lanes 0 to 3",
    ]


def test_a_kernel_on_vectors_has_calls_instead_of_iterations() -> None:
    said = position(Evidence((), "out", worst=13, length=20, wrong=(13,), lanes=8, has_loop=False))
    assert said[1] == "in call 1 of the kernel, which is called once for every 8 elements, from 0"
    assert not any("loop" in line for line in said)


def test_code_without_vectors_has_no_lanes() -> None:
    assert position(Evidence((), "row", worst=1, length=2, wrong=(1,))) == []


def test_numbers_in_a_row_are_a_range() -> None:
    assert ranges([0, 1, 2, 5, 7, 8]) == "0 to 2, 5, 7 to 8"
    assert ranges(range(0, 40, 2)).endswith("12, 14 and more")


def test_values_are_short_and_exact() -> None:
    assert values_text(np.zeros(9, "<f4")) == "9 zeros"
    assert values_text(np.ones(9, "<f4")) == "9 ones"
    assert values_text(np.array([1, 0.1, np.inf], "<f4")) == "{1, 0.1 (0x1.99999a0000000p-4), inf}"
    long = np.zeros(1000, "<f4")
    long[[3, 999]] = [2, -1]
    assert values_text(long) == "1000 zeros but for [3] = 2, [999] = -1"
    assert values_text(np.arange(1, 100, dtype="<i4")).startswith("{1, 2, 3, 4, 5, 6, 7, 8, ... (99 in all")
    assert number_text(np.float64(0.1)) == "0.1"


@pytest.mark.parametrize("value", [1.0, 0.1, -3.4028235e38, 1e-45, 7.0e20, 123456.789])
def test_literals_have_the_same_bits(value: float) -> None:
    single = np.float32(value)
    text = _literal(float(single), SCALAR_TYPES["float"])
    assert text.endswith("f")
    assert np.float32(text.removesuffix("f")) == single
    assert set(".e") & set(text)
    assert float(_literal(value, SCALAR_TYPES["double"])) == value
    assert _literal(3, SCALAR_TYPES["size_t"]) == "3u"
    assert _literal(float("-inf"), SCALAR_TYPES["float"]) == "-INFINITY"


def test_bfloat16_is_shown_as_numbers_and_an_output_whose_rows_are_apart_is_read_behind_its_gaps() -> None:
    case = Case("dot_bf16", "boundary", "len2", (("len", 2),), (), Normal(), ANYWHERE, 1)
    bits = np.array([0x3F80, 0xC000], "<u2")
    one = Candidate(128, case.sizes, ANYWHERE, {"x": bits, "y": bits}, is_drawn=True)
    assert describe(one, case, bundled_contract("dot_bf16"))[1:3] == ["x = {1, -2}", "y = {1, -2}"]
    assert _element_in_c(Layout((2, 3), 5)) == "i / 3 * 5 + i % 3"
    assert _element_in_c(Layout((2, 3), 3)) == _element_in_c(None) == "i"


def test_integers_are_integers_and_have_no_ulps() -> None:
    element = Element(3, 4294967295, 0, 0.0, None, is_wrong=True, differs=False)
    head, row = _table(Evidence((), "y", (element,), worst=3, length=4, wrong=(3,)))
    assert "ULP" not in head
    assert row.split() == [">", "[3]", "4294967295", "0", "0", "wrong"]
    floats = replace(element, got=0.5, want=1.5, tolerance=1e-7, ulp=8e6)
    assert _table(Evidence((), "y", (floats,), worst=3, length=4, wrong=(3,)))[1].split()[-2:] == ["8e+06", "wrong"]
