"""Input patterns, as contracts write them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from harness.errors import ContractError
from harness.model.patterns import Dominant, ExtremeIntegers, Normal, UniformIntegers


def normal(scale_exponents: tuple[int, int] = (0, 0)) -> Normal:
    """Bell-shaped values of random sign, times 2**e with e drawn per case from `scale_exponents` (inclusive)."""
    return Normal(_ascending("scale_exponents", scale_exponents))


def dominant(
    low: float = 1.0,
    high: float = 2.0,
    *,
    background: float = 0.0,
    signed: bool = True,
    scale_exponents: tuple[int, int] = (0, 0),
    directed: bool = False,
    buffers: Sequence[str] = (),
) -> Dominant:
    """A few dominant values, uniform in [low, high), in a background that does not matter to the result.

    With `buffers`, these alone have background and all others are dominant throughout: results show, then, that would
    be multiplied by a weight of the background.

    `directed` is for sums to which the background adds equal terms other than zero, such as squared deviations from a
    mean: their rounding errors may all have one sign, so that worst-case bounds hold and no others.
    """
    if not (low <= high and all(math.isfinite(number) for number in (low, high, background))):
        raise ContractError(
            f"dominant({low!r}, {high!r}, background={background!r}): expected two finite numbers, the lower one first"
        )
    if isinstance(buffers, str):
        raise ContractError(f"dominant: buffers={buffers!r} has to be a list: [{buffers!r}]")
    exponents = _ascending("scale_exponents", scale_exponents)
    return Dominant(low, high, signed, exponents, directed, background, tuple(buffers))


def _ascending(what: str, pair: Any) -> tuple[int, int]:
    is_pair = isinstance(pair, tuple | list) and len(pair) == 2 and all(isinstance(one, int) for one in pair)
    if not is_pair or pair[0] > pair[1]:
        raise ContractError(f"{what}: expected two integers, the lower one first, not {pair!r}")
    return pair[0], pair[1]


def integers(low: int, high: int) -> UniformIntegers:
    """Integers, uniform in [low, high], for small values; without it integers are drawn over all their bits."""
    return UniformIntegers(*_ascending("integers", (low, high)))


def extremes() -> ExtremeIntegers:
    """Integers at the ends of their type and around zero: the smallest, the largest, -1 (all bits), 0 and 1."""
    return ExtremeIntegers()
