"""Trends and steps of a series by normal equations, with errors written out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib.resources import files
from itertools import pairwise

from mpmath import mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as g
from benchmarks.certification.exact import series as s

SOURCE = "mpmath: normal equations, and errors with whole matrices, in 50 digits"
NILE = "Nile (statsmodels)"


def term(name: str, fit: g.Ols, errors: Sequence[mpf], place: int) -> Reference:
    """A row of the table."""
    value, error = fit.coefficients[place], errors[place]
    found = m.interval(f"term {name}", value, error, fit.df)
    return found | {f"term {name} statistic": value / error, f"term {name} p": m.p_of(value / error, fit.df)}


def trend(y: Sequence[str], t: Sequence[str], alternative: str = "two-sided", delta: str | None = None) -> Reference:
    """Slope, and the change over the whole series."""
    outcome, time = m.numbers(y), m.numbers(t)
    fit = g.ols([[one - time[0] for one in time]], outcome)
    errors, span = s.errors(fit), time[-1] - time[0]
    value = fit.coefficients[1]
    found = m.tested(value, errors[1], fit.df, alternative) | term("trend per step of t", fit, errors, 1)
    found |= m.interval("other change over the whole series", value * span, errors[1] * span, fit.df, alternative)
    found |= m.description("all points", outcome) | s.measures(fit, 1, [later - earlier for earlier, later in pairwise(time)])
    return found | (m.equivalence(value, errors[1], fit.df, mpf(delta)) if delta else {})


def step(y: Sequence[str], t: Sequence[str], at: str, alternative: str = "two-sided") -> Reference:
    """Change of level beside a common trend."""
    outcome, time = m.numbers(y), m.numbers(t)
    after = [mpf(one >= mpf(at)) for one in time]
    fit = g.ols([[one - time[0] for one in time], after], outcome)
    errors = s.errors(fit)
    found = m.tested(fit.coefficients[2], errors[2], fit.df, alternative)
    found |= term("trend per step of t", fit, errors, 1) | term("change of level, after − before", fit, errors, 2)
    for label, side in (("after", 1), ("before", 0)):
        found |= m.description(label, [value for value, own in zip(outcome, after, strict=True) if own == side])
    return found | s.measures(fit, 2, [later - earlier for earlier, later in pairwise(time)])


def nile() -> tuple[list[str], list[str]]:
    """Annual flow and year."""
    lines = (files("statsmodels.datasets") / "nile" / "nile.csv").read_text().splitlines()[1:]
    rows = [line.replace('"', "").split(",") for line in lines if line.strip()]
    return [row[1] for row in rows], [row[0] for row in rows]


def remembering(name: str, n: int, memory: float, rise: float) -> list[str]:
    """A first-order autoregression on a line."""
    kept: list[float] = [0.0]
    for one in made.normal(name, n, 0, 2):
        kept.append(memory * kept[-1] + float(one))
    return [f"{50 + rise * place + value:.3f}" for place, value in enumerate(kept[1:])]


def _trend(data: str, y: list[str], t: list[str], delta: str | None = None, **more: str) -> Entry:
    arguments = {"outcome": "y", "time": "t", **more} | ({"delta": float(delta)} if delta else {})
    return Entry("trend_hac", data, SOURCE, {"y": y, "t": t}, arguments, partial(trend, y, t, delta=delta, **more))


def _step(data: str, y: list[str], t: list[str], at: str, **side: str) -> Entry:
    arguments = {"outcome": "y", "time": "t", "change_at": at, **side}
    return Entry("step_hac", data, SOURCE, {"y": y, "t": t}, arguments, partial(step, y, t, at, **side))


def _refused(method: str, data: str, y: list[str], refusal: str, **more: str) -> Entry:
    columns = {"y": y, "t": [str(place) for place in range(len(y))]}
    return Entry(method, data, "refusal", columns, {"outcome": "y", "time": "t", **more}, refusal=refusal)


def _entries() -> list[Entry]:
    flow, years = nile()
    times = [str(place) for place in range(50)]
    gapped = [str(place + 9 * (place > 20)) for place in range(44)]
    return [
        _trend(NILE, flow, years),
        _trend("50 points of strong memory, greater, δ", remembering("trend", 50, 0.7, 0.1), times, "0.8", alternative="greater"),
        _trend("44 points with a gap", remembering("trend gap", 44, 0.2, -0.2), gapped),
        _step(NILE, flow, years, "1899"),
        _step("50 points", remembering("step", 50, 0.5, 0.1), times, "30"),
        _step("30 points, less", remembering("step", 50, 0.5, 0.1)[:30], times[:30], "15", alternative="less"),
        _refused("trend_hac", "a constant series", ["0.1"] * 50, "y has the same value"),
        _refused("trend_hac", "a series on a line", [f"0.{place:02}" for place in range(50)], "y follows exactly"),
        _refused("step_hac", "a change before all points", remembering("late", 50, 0.5, 0), "The change leaves", change_at="0"),
    ]


ENTRIES = _entries()
