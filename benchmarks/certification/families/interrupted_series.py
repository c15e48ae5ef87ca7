"""Interrupted series: both lines by normal equations, with errors written out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from mpmath import mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as g
from benchmarks.certification.exact import series as s

SOURCE = "mpmath: normal equations, and errors with whole matrices, in 50 digits"


def interrupted(
    y: Sequence[str], t: Sequence[str], at: str, delta: str | None = None, focus: int = 3, alternative: str = "two-sided"
) -> Reference:
    """Level, slopes and joint test; `focus` is the place of the effect."""
    outcome, time, moment = m.numbers(y), m.numbers(t), mpf(at)
    after = [mpf(one >= moment) for one in time]
    elapsed = [one - time[0] for one in time]
    bend = [side * (one - moment) for side, one in zip(after, time, strict=True)]
    fit = g.ols([elapsed, bend, after], outcome)
    errors = s.errors(fit)
    found = m.tested(fit.coefficients[focus], errors[focus], fit.df, alternative)
    beside = 5 - focus
    name = f"other change of {'slope' if beside == 2 else 'level'}"
    found |= m.interval(name, fit.coefficients[beside], errors[beside], fit.df)
    names = ("slope before, per step of t", "change of slope, per step of t", "change of level, after − before")
    for place, name in enumerate(names, 1):
        value, error = fit.coefficients[place], errors[place]
        found |= m.interval(f"term {name}", value, error, fit.df)
        found |= {f"term {name} statistic": value / error, f"term {name} p": m.p_of(value / error, fit.df)}
    found |= s.measures(fit, focus, [later - earlier for earlier, later in pairwise(time)])
    for label, side in (("after", 1), ("before", 0)):
        found |= m.description(label, [value for value, own in zip(outcome, after, strict=True) if own == side])
    found |= {"measure p of no change in level and slope": joint(fit)}
    return found | (m.equivalence(fit.coefficients[focus], errors[focus], fit.df, mpf(delta)) if delta else {})


def joint(fit: g.Ols) -> mpf:
    """p of the smaller F of both coefficients' covariances."""
    pair = fit.coefficients[2:]
    whitened = s.newey_west(fit, s.lag_for(len(fit.residuals)), s.memory(fit))
    statistics = []
    for covariance in (whitened, s.third_order(fit)):
        turned = g.solved([row[2:] for row in covariance[2:]], [[value] for value in pair])
        statistics.append(g.dot(pair, [row[0] for row in turned]) / 2)
    return d.f_upper(min(statistics), mpf(2), fit.df)


def _entry(data: str, n: int, at: int, delta: str | None = None, gap: int | None = None, slope: bool = False, **side: str) -> Entry:
    noise = [float(one) for one in made.normal(f"interrupted {data}", n, 0, 1, 3)]
    kept = [noise[0]]
    for value in noise[1:]:
        kept.append(0.5 * kept[-1] + value)
    times = [place + (7 if gap is not None and place >= gap else 0) for place in range(n)]
    y = [f"{20 + 0.2 * place + 3 * (time >= at) - 0.1 * max(0, time - at) + own:.3f}"
         for place, (time, own) in enumerate(zip(times, kept, strict=True))]  # fmt: skip
    t = [str(time) for time in times]
    arguments = {"outcome": "y", "time": "t", "change_at": str(at), **side} | ({"delta": float(delta)} if delta else {})
    reference = partial(interrupted, y, t, str(at), delta, 2 if slope else 3, **side)
    return Entry("slope_change" if slope else "interrupted_series", data, SOURCE, {"y": y, "t": t}, arguments, reference)


ENTRIES = [
    _entry("44 points, δ", 44, 20, delta="5"),
    _entry("60 points with a gap", 60, 31, gap=40),
    _entry("36 points, greater", 36, 18, alternative="greater"),
    _entry("36 points, less", 36, 18, slope=True, alternative="less"),
    _entry("48 points, δ", 48, 25, delta="0.2", slope=True),
]
