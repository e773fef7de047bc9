"""The search for the smallest failing case, on failures that are made up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from harness.model import ANYWHERE, Placement
from harness.shrinking.search import Candidate, OutOfTimeError, Shrinker, Sizes, Space, complexity, fewest

Fails = Callable[[Candidate], bool]


def row(length: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=length).astype("<f4")


def candidate(length: int = 1025, bits: int | None = 512, placement: Placement = ANYWHERE) -> Candidate:
    return Candidate(bits, (("len", length),), placement, {"x": row(length)})


def space(may_have: Callable[[Sizes, int | None], bool] = lambda _sizes, _bits: True) -> Space:
    return Space(
        widths=(128, 256),
        lanes=lambda bits: (bits or 32) // 32,
        may_have=may_have,
        lengths=lambda sizes: {"x": dict(sizes)["len"]},
        drawn=lambda sizes: {"x": row(dict(sizes)["len"])},
    )


def smallest(first: Candidate, fails: Fails, where: Space | None = None) -> Candidate:
    shrinker = Shrinker(first, where or space(), lambda batch: [fails(one) for one in batch])
    shrinker.run()
    assert fails(shrinker.best)
    return shrinker.best


def length(one: Candidate) -> int:
    return dict(one.sizes)["len"]


def test_whatever_always_fails_becomes_nothing() -> None:
    found = smallest(candidate(), lambda one: True)
    assert (length(found), found.vector_bits, found.placement) == (0, 128, ANYWHERE)


@pytest.mark.parametrize("bits", [128, 256, 512])
def test_a_dropped_tail_fails_at_one_element_behind_a_block(bits: int) -> None:
    def fails(one: Candidate) -> bool:
        lanes = (one.vector_bits or 0) // 32
        return (one.vector_bits or 0) >= bits and length(one) > 4 * lanes and length(one) % (4 * lanes) > 0

    found = smallest(candidate(), fails)
    assert (found.vector_bits, length(found)) == (bits, 4 * bits // 32 + 1)
    assert not found.values["x"].any()


def test_a_threshold_is_found_where_not_every_size_is_tried() -> None:
    assert length(smallest(candidate(8192), lambda one: length(one) >= 3001)) == 3001


def test_one_particular_value_is_all_that_is_left() -> None:
    first = candidate(100)
    first.values["x"][71] = 42.5
    found = smallest(first, lambda one: bool((one.values["x"] == np.float32(42.5)).any()))
    assert found.values["x"].tolist() == [42.5]


def test_two_values_that_are_needed_together_are_kept_and_made_simple() -> None:
    first = candidate(64)
    first.values["x"][[3, 40]] = [-7.25, 9.75]
    found = smallest(first, lambda one: bool((one.values["x"] < -5).any() and (one.values["x"] > 5).any()))
    assert length(found) <= 38
    assert np.count_nonzero(found.values["x"]) == 2
    assert all(complexity(value) < 6 for value in found.values["x"])


def test_numbers_become_ones() -> None:
    found = smallest(candidate(9, bits=None), lambda one: int(np.count_nonzero(one.values["x"])) >= 3)
    assert found.values["x"].tolist() == [1, 1, 1]


def test_a_not_a_number_that_matters_stays() -> None:
    first = candidate(20)
    first.values["x"][5] = np.nan
    found = smallest(first, lambda one: bool(np.isnan(one.values["x"]).any()))
    assert length(found) == 1
    assert np.isnan(found.values["x"]).all()


def test_no_number_gets_a_sign_that_none_had() -> None:
    first = replace(candidate(5), values={"x": np.abs(row(5)) + 1}, is_drawn=False)
    seen: list[float] = []

    def fails(one: Candidate) -> bool:
        seen.append(float(one.values["x"].min(initial=0)))
        return bool(one.values["x"].any())

    smallest(first, fails)
    assert min(seen) >= 0


def test_placement_becomes_plain_as_far_as_it_does_not_matter() -> None:
    placed = Placement(offsets=(1, 2), alias=((0, 1),))
    assert smallest(candidate(4, placement=placed), lambda one: True).placement == ANYWHERE
    found = smallest(candidate(4, placement=placed), lambda one: one.placement.offsets[:1] == (1,))
    assert found.placement == Placement(offsets=(1, 0))


def test_sizes_that_no_caller_passes_are_not_tried() -> None:
    found = smallest(candidate(1024), lambda one: True, space(lambda sizes, _bits: dict(sizes)["len"] % 8 == 4))
    assert length(found) == 4


def test_what_fails_among_others_only_is_not_taken() -> None:
    def fails(batch: Sequence[Candidate]) -> list[bool]:
        return [length(one) >= 20 or len(batch) > 1 for one in batch]

    shrinker = Shrinker(candidate(100), space(), fails)
    shrinker.run()
    assert length(shrinker.best) == 20


def test_when_the_time_is_up_the_smallest_so_far_stands() -> None:
    calls = 0

    def fails(batch: Sequence[Candidate]) -> list[bool]:
        nonlocal calls
        calls += 1
        if calls > 4:
            raise OutOfTimeError
        return [length(one) > 9 for one in batch]

    shrinker = Shrinker(candidate(1000), space(), fails)
    with pytest.raises(OutOfTimeError):
        shrinker.run()
    assert 9 < length(shrinker.best) < 1000


def test_the_fewest_items() -> None:
    assert fewest(range(100), lambda items: {17, 61} <= set(items)) == [17, 61]
    assert fewest(range(100), lambda items: 99 in items) == [99]
    assert fewest([], lambda items: True) == []
