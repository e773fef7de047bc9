"""What of a case may decide: where its buffers lie, what its inputs are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.judge.signs import signs_of
from harness.model import Circumstances, Conventions, Fill, Placement, Side, Trial, reading_order
from harness.model.patterns import Special
from harness.plan import circumstances
from harness.project import bundled_contract
from tests.unit.samples import boundary_cases

CONTRACT = bundled_contract("axpy_f32")  # y, x
CASE = boundary_cases(CONTRACT)[8]
BOTH = (Trial(Fill.BENIGN, Side.END), Trial(Fill.BENIGN, Side.START))


def found(
    size: int, placement: Placement = CASE.placement, trials: tuple[Trial, ...] = BOTH, **promised: int
) -> Circumstances:
    conventions = Conventions(alignment=promised)
    return circumstances(CONTRACT, conventions, replace(CASE, sizes=(("len", size),), placement=placement), trials)


@pytest.mark.parametrize(("size", "alignment"), [(1, 4), (2, 8), (4, 16), (6, 8), (16, 64), (32, 64), (0, 64)])
def test_a_buffer_that_ends_at_a_guard_page_is_aligned_by_its_length(size: int, alignment: int) -> None:
    assert dict(found(size).alignment_bytes) == {"y": alignment, "x": alignment}
    assert dict(found(size, trials=BOTH[1:]).alignment_bytes) == {"y": 64, "x": 64}


def test_distances_and_promises_count() -> None:
    apart = found(16, Placement(offsets=(1, 4)))
    assert dict(apart.alignment_bytes) == {"y": 4, "x": 16}
    assert apart.guards == ""
    assert dict(found(3, y=32).alignment_bytes) == {"y": 32, "x": 4}


def test_what_else_of_a_case_may_decide() -> None:
    assert found(5).guards == "both"
    assert found(5, trials=BOTH[:1]).guards == "behind"
    assert found(5).pattern == ""
    assert found(5, Placement(alias=((0, 1),))).is_in_place
    of_value = circumstances(CONTRACT, Conventions(), replace(CASE, pattern=Special("nan", 3)), BOTH)
    assert (of_value.pattern, of_value.value, of_value.position) == ("special", "nan", 3)
    assert dict(of_value.scalars).keys() == {"a"}


@pytest.mark.parametrize(
    ("x", "said"),
    [([1, 2], "positive"), ([-1, -2], "negative"), ([-1, 2], ""), ([-1, 0], ""), ([], "none"), ([-1, np.nan], "")],
)
def test_signs(x: list[float], said: str) -> None:
    contract = bundled_contract("max_f32")
    assert signs_of(contract, {"x": np.array(x, "<f4")}) == said


def test_ordinary_rows_are_read_first() -> None:
    kinds = [
        Circumstances(guards="both"),
        Circumstances(),
        Circumstances(is_in_place=True),
        Circumstances(pattern="zeros"),
        Circumstances(pattern="special"),
    ]
    in_order = [reading_order((("len", 9),), kind) for kind in kinds]
    assert in_order == sorted(in_order)
    assert reading_order((("len", 900),), kinds[0]) < reading_order((("len", 1),), kinds[4])
    assert reading_order((("len", 1),), kinds[0]) < reading_order((("len", 0),), kinds[0])
