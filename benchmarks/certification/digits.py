"""How many digits of a number are right."""

from __future__ import annotations

from mpmath import mp, mpf

MOST = 15
"""Digits of a floating-point number."""


ZERO = mpf(10) ** -40
"""Certified values below this are zeros, by symmetry, which have no digits."""
NEAR_ZERO = 1e-8
"""Distance from a certified zero that counts as right: the zeros are of shares and skewnesses, whose scale is 1."""
TINY = mpf(10) ** -12
"""p-values below this are compared by their logarithm: a t of 10 has one, and each digit of t lost costs p two."""


def correct_digits(name: str, found: float, certified: mpf) -> float:
    """The log relative error −log₁₀ |found − certified| / |certified|, between 0 and MOST.

    A skewness, which measures a shape on a scale of 1, is held against 1 where it is smaller.
    """
    if abs(certified) < ZERO:
        return float(MOST) if abs(found) <= NEAR_ZERO else 0.0
    if name.rpartition(" ")[2] == "p" and 0 < certified < TINY and found > 0:
        return correct_digits("ln", float(mp.log(mpf(found))), mp.log(certified))
    relative = abs(mpf(found) - certified) / (max(1, abs(certified)) if "skewness" in name else abs(certified))
    return float(MOST) if not relative else float(min(MOST, max(0, -mp.log10(relative))))
