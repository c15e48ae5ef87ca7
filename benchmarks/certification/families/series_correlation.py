"""Correlation of two series by the points that they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import moments as m

SOURCE = "mpmath, from the published formulas"


def pearson(x: m.Numbers, y: m.Numbers) -> mpf:
    """r."""
    cx, cy = m.mean(x), m.mean(y)
    shared = mp.fsum((a - cx) * (b - cy) for a, b in zip(x, y, strict=True))
    return shared / (len(x) - 1) / m.sd(x) / m.sd(y)


def autocorrelation(x: m.Numbers, lag: int) -> mpf:
    """Mean product at a lag over the mean square."""
    centre, n = m.mean(x), len(x)
    products = mp.fsum((x[place] - centre) * (x[place + lag] - centre) for place in range(n - lag)) / (n - lag)
    return products / (mp.fsum((value - centre) ** 2 for value in x) / n)


def worth(x: m.Numbers, y: m.Numbers) -> mpf:
    """Effective number of points (Pyper and Peterman 1998)."""
    n = len(x)
    total = mp.fsum((1 - mpf(lag) / n) * autocorrelation(x, lag) * autocorrelation(y, lag) for lag in range(1, n // 5 + 1))
    return n / max(1 + 2 * total, mpf(1))


def ends(prefix: str, x: m.Numbers, y: m.Numbers, alternative: str = "two-sided") -> Reference:
    """r with the interval of Fisher's z."""
    points, r = worth(x, y), pearson(x, y)
    found = m.interval(prefix, mp.atanh(r), 1 / mp.sqrt(points - 3), points - 2, alternative)
    turned = {name: mp.tanh(value) for name, value in found.items()} | {prefix: r}
    return {f"{prefix} low": mpf(-1), f"{prefix} high": mpf(1)} | turned


def without_trend(x: m.Numbers, time: m.Numbers) -> tuple[mpf, ...]:
    """Residuals of the least-squares line."""
    slope = pearson(time, x) * m.sd(x) / m.sd(time)
    return tuple(value - m.mean(x) - slope * (moment - m.mean(time)) for value, moment in zip(x, time, strict=True))


def changes(x: m.Numbers) -> tuple[mpf, ...]:
    """Differences of neighbours."""
    return tuple(later - earlier for earlier, later in pairwise(x))


def correlated(y: Sequence[str], x: Sequence[str], alternative: str = "two-sided") -> Reference:
    """Everything that is reported of series at the times 0, 1, 2, …"""
    outcome, other = m.numbers(y), m.numbers(x)
    time = tuple(mpf(place) for place in range(len(outcome)))
    points, r = worth(other, outcome), pearson(other, outcome)
    error, df = 1 / mp.sqrt(points - 3), points - 2
    statistic = mp.atanh(r) / error
    found: Reference = {
        "statistic": statistic,
        "df 1": df,
        "p": m.p_of(statistic, df, alternative),
        "detectable": mp.tanh(m.detectable(error, df, alternative)),
        **ends("effect", other, outcome, alternative),
        **ends("other correlation without linear trends", without_trend(other, time), without_trend(outcome, time), alternative),
        **ends("other correlation of changes from point to point", changes(other), changes(outcome), alternative),
        **m.description("y", outcome),
        **m.description("x", other),
        "measure effective number of points": points,
        "measure first autocorrelation of x": autocorrelation(other, 1),
        "measure first autocorrelation of y": autocorrelation(outcome, 1),
        "measure correlation of x with time": pearson(time, other),
        "measure correlation of y with time": pearson(time, outcome),
        "measure largest gap over median gap": mpf(1),
    }
    return found | shifted(outcome, other)


def shifted(outcome: m.Numbers, other: m.Numbers) -> Reference:
    """Correlations with one series moved."""
    found, n = {}, len(outcome)
    for lag in range(4):
        names = ("x", "y") if lag else ("", "")
        for name, early, late in zip(names, (other, outcome), (outcome, other), strict=True):
            said = f"{name} {lag} earlier" if lag else "at the same time"
            term = f"term correlation, {said}"
            found |= {term: pearson(early[: n - lag], late[lag:]), f"{term} n": mpf(n - lag)}
    return found


def _entry(data: str, n: int, **more: str) -> Entry:
    shared, own = ([float(one) for one in made.normal(f"{name} {data}", n, 0, 1)] for name in ("shared", "own"))
    x, y = [shared[0]], [own[0]]
    for a, b in zip(shared[1:], own[1:], strict=True):
        x.append(0.6 * x[-1] + a)
        y.append(0.5 * y[-1] + 0.4 * a + b)
    texts = {"y": [f"{10 + value:.3f}" for value in y], "x": [f"{value:.3f}" for value in x], "t": [str(one) for one in range(n)]}
    arguments = {"outcome": "y", "predictors": "x", "time": "t", **more}
    return Entry("series_correlation", data, SOURCE, texts, arguments, partial(correlated, texts["y"], texts["x"], **more))


ENTRIES = [_entry("60 points", 60), _entry("45 points, greater", 45, alternative="greater")]
