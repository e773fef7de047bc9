"""Units in the last place, measured in the format of the output against a float64 reference."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.model import Array


def ulp_of(want: Array, dtype: str) -> Array:
    """Return the spacing of `dtype` at each |want|: one ULP there, the smallest subnormal near zero.

    At and beyond the format's largest value it is the spacing of the last binade (Muller et al., *Handbook of
    Floating-Point Arithmetic*, 2nd ed., section 2.6, Goldberg's definition). Integer formats have an ULP of 1.
    The caller silences numpy's overflow warning, which spacing raises at the largest number.
    """
    if np.dtype(dtype).kind != "f":
        return np.ones_like(want)
    largest, widest = _limits(dtype)
    spacing: NDArray[Any] = np.spacing(np.minimum(np.abs(want), largest).astype(dtype))
    # The spacing above the largest number is infinite, that of NaN is NaN: fmin replaces both.
    return np.fmin(spacing.astype(np.float64), widest)


@cache
def _limits(dtype: str) -> tuple[float, float]:
    """Return the largest number of a format and the spacing of its last binade."""
    info = np.finfo(dtype)
    return float(info.max), 2.0 ** (int(info.maxexp) - int(info.nmant) - 1)
