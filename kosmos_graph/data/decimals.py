"""Differences of decimals, which binary floating-point numbers only come near, as decimals again."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

DIGITS = 14
"""Decimal digits of the larger operand that a difference keeps: every decimal of 15 digits survives being read (C's DBL_DIG)."""


def rounded(values: npt.ArrayLike, size: npt.ArrayLike) -> Numbers:
    """`values` to the 14th decimal digit of `size`, the larger of the numbers that each was made from; 0 is never −0.

    So 0.3 − 0.2 equals 0.2 − 0.1, which ties, zeros and ranks rest on, and no unit of the data makes or breaks a tie. Python's
    `round` gives the nearest floating-point number to the decimal, whatever its place.
    """
    found, sizes = np.broadcast_arrays(np.asarray(values, dtype=np.float64), np.asarray(size, dtype=np.float64))
    known = zip(found.ravel().tolist(), sizes.ravel().tolist(), strict=True)
    return np.array([_rounded(value, abs(largest)) for value, largest in known], dtype=np.float64).reshape(found.shape)


def _rounded(value: float, largest: float) -> float:
    if not (math.isfinite(value) and math.isfinite(largest)) or largest == 0:
        return value + 0.0
    return round(value, DIGITS - 1 - math.floor(math.log10(largest))) + 0.0


def difference(a: npt.ArrayLike, b: npt.ArrayLike) -> Numbers:
    """a − b, to the 14th digit of the larger of both."""
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    return rounded(first - second, np.maximum(np.abs(first), np.abs(second)))
