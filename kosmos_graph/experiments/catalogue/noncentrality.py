"""Intervals and detectable sizes of noncentrality, for F and chi-square statistics of several degrees of freedom."""

from __future__ import annotations

from collections.abc import Callable

from scipy import optimize, stats

LARGEST = 1e12


def chi_square_below(statistic: float, df: float) -> Callable[[float], float]:
    """P(X ≤ statistic) as a function of X's noncentrality."""

    def below(noncentrality: float) -> float:
        if noncentrality == 0:
            return float(stats.chi2.cdf(statistic, df))
        return float(stats.ncx2.cdf(statistic, df, noncentrality))

    return below


def f_below(statistic: float, df: tuple[float, float]) -> Callable[[float], float]:
    """P(F ≤ statistic) as a function of F's noncentrality."""

    def below(noncentrality: float) -> float:
        if noncentrality == 0:
            return float(stats.f.cdf(statistic, *df))
        return float(stats.ncf.cdf(statistic, *df, noncentrality))

    return below


def noncentrality_at(below: Callable[[float], float], area: float) -> float | None:
    """Where the falling function `below` is `area`; 0 where it is lower from the start, None where it is not found."""
    if below(0.0) <= area:
        return 0.0
    top = 16.0
    while not below(top) < area:
        top *= 4
        if top > LARGEST:
            return None
    return float(optimize.brentq(lambda shift: below(shift) - area, 0.0, top, xtol=1e-10, rtol=1e-13))


def noncentrality_interval(below: Callable[[float], float], level: float) -> tuple[float | None, float | None]:
    """Two-sided interval of the noncentrality (Steiger and Fouladi 1997); None at an end that is not found."""
    tail = (1 - level) / 2
    return noncentrality_at(below, 1 - tail), noncentrality_at(below, tail)


def one_tail_caveat(p: float, low: float | None, alpha: float, name: str) -> tuple[str, ...]:
    """Why a significant test can stand beside an interval of `name` that begins at zero."""
    if p > alpha or low != 0:
        return ()
    return (f"The test is significant though the interval of {name} begins at zero: the test has one tail, the interval two.",)
