"""What the proof of inputs says of contracts without an error model, of maxima and of means; what contracts refuse."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.contract import dominant, exact, op, peaks, rows
from harness.contract.loading import load_contracts
from harness.errors import ContractError
from harness.model import Case, Contract, Selection
from harness.numerics.inputs import InputStream
from harness.plan import make_cases
from harness.project import bundled_contract
from harness.sensitivity.gaps import find_gaps

ROW_LENGTHS = [2, 3, 8, 33]


def cases_of(contract: Contract) -> tuple[Case, ...]:
    return make_cases(contract, contract.conventions, Selection(), 128)


def gaps_of(contract: Contract, length: int = 0) -> list[str]:
    """The gaps of a contract, of rows of one length or all."""
    stream = InputStream()
    cases = [case for case in cases_of(contract) if length in (0, dict(case.sizes)["len"])]
    return [str(gap) for gap in find_gaps(contract, cases, lambda case: stream.inputs(contract, case))[1]]


def reduction(name: str, reference: Callable[..., Any], suite: Sequence[Any]) -> Contract:
    """A reduction of a row, proven by changing its inputs."""
    return op(
        f"{'size_t' if 'arg' in name else 'float'} {name}(const float *x, size_t len)",
        inputs="x[len]",
        reference=reference,
        tolerance=exact(),
        suites={"sensitivity": suite},
    )


def of_row(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """As a reference, which takes arguments by name."""

    def reference(x: Any) -> Any:
        return function(x)

    return reference


@pytest.mark.parametrize(
    ("name", "reference", "lowest"),
    [("argmax", np.argmax, False), ("argmin", np.argmin, True), ("max", np.max, False), ("min", np.min, True)],
)
def test_an_element_that_a_maximum_ignores_is_no_zero(name: str, reference: Any, lowest: bool) -> None:
    contract = reduction(name, of_row(reference), peaks(ROW_LENGTHS, lowest=lowest) * 3)
    assert gaps_of(contract) == []
    # Where all are equal, nobody notices what is left out behind the first.
    blind = reduction(name, of_row(reference), rows(dominant(1, 1, signed=False), ROW_LENGTHS))
    assert any("an element of x ignored hidden" in gap for gap in gaps_of(blind))


def test_of_long_rows_with_peaks_the_proof_says_where_none_stood() -> None:
    contract = bundled_contract("min_f32")
    assert gaps_of(contract, 33) == []
    assert gaps_of(contract, 1023) == ["len 1023: omission in return not tried at 983 of 1023"]


def test_argmax_has_no_hidden_element() -> None:
    gaps = gaps_of(bundled_contract("argmax_f32"))
    assert gaps
    assert all("not tried" in gap for gap in gaps)


def test_an_omitted_term_of_a_mean_shows_at_4096() -> None:
    assert gaps_of(bundled_contract("layer_norm_f32"), 4096) == ["len 4096: len off by one hidden at 1 of 1"]


@pytest.mark.parametrize(
    ("c_type", "entries", "message"),
    [
        ("float", "special_values(['infty'])", "unknown value 'infty' (perhaps you meant 'inf')"),
        ("float", "special_values(['highest'])", "reads no numbers that 'highest' is one of"),
        ("int8_t", "special_values(['nan'])", "known: lowest, highest, zero, one"),
        ("int8_t", "special_values(['lowst'])", "perhaps you meant 'lowest'"),
        ("float", "rows(extremes(), [3])", "extremes() is for integers, and f reads none"),
        ("float", "rows(integers(0, 3), [3])", "integers(...) is for integers, and f reads none"),
        ("float", "rows('normal', [3])", "'normal' is no pattern"),
        ("float", "rows(dominant(1, 2, buffers=['xx']), [3])", "dominant: 'xx' is no buffer (perhaps you meant 'x')"),
    ],
)
def test_values_and_patterns_that_are_none_are_refused_with_file_and_line(
    tmp_path: Path, c_type: str, entries: str, message: str
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from harness.contract import *\n"
        f"f = op('void f({c_type} *out, const {c_type} *x, size_t len)', inputs='x[len]', outputs='out[len]',\n"
        f"       reference=lambda x: x, tolerance=exact(), suites={{'special': {entries}}})\n"
    )
    with pytest.raises(ContractError) as caught:
        load_contracts(path)
    assert message in str(caught.value)
    assert re.match(rf"{path}:[23]: ", str(caught.value))
