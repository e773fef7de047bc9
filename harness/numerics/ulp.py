"""Units in the last place, measured in the format of the output against a float64 reference."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.model import Array
from harness.model.prototype import BF16
from harness.numerics.formats import is_float, limits


def ulp_of(want: Array, dtype: str) -> Array:
    """Return the spacing of `dtype` at each |want|: one ULP there, the smallest subnormal near zero.

    At and beyond the format's largest value it is the spacing of the last binade (Muller et al., *Handbook of
    Floating-Point Arithmetic*, 2nd ed., section 2.6, Goldberg's definition). Integer formats have an ULP of 1.
    The caller silences numpy's overflow warning, which spacing raises at the largest number.
    """
    if not is_float(dtype):
        return np.ones(want.shape)
    largest, widest = _limits(dtype)
    if dtype == BF16:  # numpy has no spacing for it
        exponents = np.frexp(np.minimum(np.abs(want), largest))[1] - 1 - limits(dtype).mantissa_bits
        spaced = np.where(np.isfinite(want), np.ldexp(np.sign(np.abs(want)), exponents), widest)
        return np.maximum(spaced, limits(dtype).smallest_subnormal)
    spacing: NDArray[Any] = np.spacing(np.minimum(np.abs(want), largest).astype(dtype))
    # The spacing above the largest number is infinite, that of NaN is NaN: fmin replaces both.
    return np.fmin(spacing.astype(np.float64), widest)


@cache
def _limits(dtype: str) -> tuple[float, float]:
    """Return the largest number of a format and the spacing of its last binade."""
    info = limits(dtype)
    return info.largest, 2.0 ** (info.max_exponent - info.mantissa_bits - 1)
