"""Figures of proportions, tables of counts, regressions and series, each headed by the effect and its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Group, Term, TestResult
from kosmos_graph.experiments.catalogue.counts import IntArray
from kosmos_graph.experiments.catalogue.observed import FloatArray
from kosmos_graph.experiments.catalogue.plots import BLUE, INK, OKABE_ITO, ORANGE, VERMILLION, draw_effect_panel, headline, number
from kosmos_graph.experiments.catalogue.proportion_intervals import normal_quantile, wilson
from kosmos_graph.experiments.method import Sample
from kosmos_graph.experiments.plain_text import axis_label, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_BARS = 12
RATIO_STEPS = (1e-6, 1e-4, 1e-3, 0.01, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0, 1e3, 1e4, 1e6)
MOST_POINTS = 3000
"""Points drawn in a scatter; of more, as many are drawn at even steps through the rows."""


def success_share(group: Group) -> float:
    """Proportion of successes in a group."""
    return (group.n_success or 0) / group.n


def draw_shares(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """Each group's proportion of successes with its Wilson interval, B at the left, and the effect in a panel at the right."""
    groups = tuple(reversed(result.groups))
    for place, group in enumerate(groups):
        draw_share(axes, group, place, result.effect.level)
    if design.target.reference is not None:
        axes.axhline(result.effect.null, color=INK, lw=1.4, ls="--", label=f"stated value {number(result.effect.null)}")
        axes.legend(frameon=False)
    name_shares(axes, sample, design, groups)
    if len(groups) > 1:
        draw_effect_panel(axes, result.effect, None, result.equivalence.delta if result.equivalence else None)
    headline(axes, result.effect)


def draw_share(axes: Axes, group: Group, place: int, level: float) -> None:
    """One group's bar, its interval and its counts."""
    share = success_share(group)
    low, high = wilson(group.n_success or 0, group.n, normal_quantile("two-sided", level))
    axes.bar(place, share, width=0.55, color=OKABE_ITO[place % len(OKABE_ITO)], alpha=0.6)
    axes.errorbar(place, share, yerr=[[max(share - low, 0.0)], [max(high - share, 0.0)]], fmt="o", color=INK, capsize=5, lw=1.6)
    axes.text(place, 1.02, f"{group.n_success} of {group.n}", ha="center", color=INK)


def name_shares(axes: Axes, sample: Sample, design: Design, groups: Sequence[Group]) -> None:
    """Names and limits of a figure of proportions."""
    axes.set_xticks(range(len(groups)), [plain(group.label, 22) for group in groups])
    axes.set_xlim(-0.7, len(groups) - 0.3)
    axes.set_ylim(0, 1.08)
    success = f" = {plain(design.target.success, 18)}" if design.target.success else ""
    axes.set_ylabel(f"share with {axis_label(sample.card, design.target.outcome)}{success}")


def draw_pair_shares(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The two measurements' proportions of successes, joined because they are of the same units."""
    groups = tuple(reversed(result.groups))
    axes.plot(range(len(groups)), [success_share(group) for group in groups], "-", color=INK, lw=1.6)
    draw_shares(axes, sample, design, result)


def draw_residuals(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The table as tiles, coloured by adjusted residual, each with its count."""
    columns = len(result.groups)
    residuals = np.array([term.estimate for term in result.terms]).reshape(-1, columns)
    counts = np.array([term.n or 0 for term in result.terms]).reshape(-1, columns)
    strongest = max(3.0, float(np.max(np.abs(residuals))))
    image = axes.imshow(residuals, cmap="RdBu_r", vmin=-strongest, vmax=strongest, aspect="auto")
    axes.figure.colorbar(image, ax=axes, label="adjusted residual", shrink=0.85)
    if residuals.size <= MOST_BARS**2:
        for (i, j), count in np.ndenumerate(counts):
            light = abs(residuals[i, j]) > 0.6 * strongest
            axes.text(j, i, str(count), ha="center", va="center", color="white" if light else INK)
    rows = sample.frame[design.target.outcome].cat.remove_unused_categories().cat.categories
    axes.set_yticks(range(len(rows)), [plain(str(level), 16) for level in rows])
    axes.set_xticks(range(columns), [plain(group.label, 12) for group in result.groups], rotation=0 if columns < 6 else 60)
    axes.set_xlabel(axis_label(sample.card, design.target.predictors[0]))
    axes.set_ylabel(axis_label(sample.card, design.target.outcome))
    headline(axes, result.effect)


def some(n: int) -> IntArray:
    """Which rows a scatter of `n` draws."""
    return np.linspace(0, n - 1, min(n, MOST_POINTS)).round().astype(np.int64)


def draw_scatter(axes: Axes, x: FloatArray, y: FloatArray) -> None:
    """The rows as points."""
    shown = some(x.size)
    axes.plot(x[shown], y[shown], "o", ms=3.4, mec="none", color=BLUE, alpha=0.45, rasterized=True, zorder=1)


def draw_line(axes: Axes, x: FloatArray, slope: float, through: tuple[float, float]) -> None:
    """A straight line of `slope` through a point, over the range of `x`."""
    ends = np.array([x.min(), x.max()])
    axes.plot(ends, through[1] + slope * (ends - through[0]), color=VERMILLION, lw=2, zorder=3)


def draw_terms(axes: Axes, terms: Sequence[Term], null: float) -> None:
    """Terms with their intervals, one below the other; the first MOST_BARS of them."""
    shown = tuple(terms[:MOST_BARS])
    for place, term in enumerate(reversed(shown)):
        low, high = (term.estimate if end is None else end for end in (term.low, term.high))
        errors = [[term.estimate - low], [high - term.estimate]]
        axes.errorbar(term.estimate, place, xerr=errors, fmt="o", color=BLUE, capsize=4, lw=1.8)
    axes.set_yticks(range(len(shown)), [plain(term.name, 34) for term in reversed(shown)])
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.axvline(null, color="#888888", lw=1, ls="--")


FEWEST_STEPS = 3
"""Labels below which an axis of ratios is divided evenly."""


def ratio_axis(axes: Axes) -> None:
    """A logarithmic horizontal axis, labelled with plain numbers."""
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: number(value))
    axes.xaxis.set_minor_formatter(lambda _value, _place: "")
    low, high = axes.get_xlim()
    steps = [step for step in RATIO_STEPS if low <= step <= high]
    if len(steps) < FEWEST_STEPS:
        size = float(f"{(high - low) / 4:.0e}")
        steps = [step for step in (size * place for place in range(int(low / size), int(high / size) + 2)) if low <= step <= high]
    axes.set_xticks(steps or [low, high])


def draw_series(axes: Axes, times: Any, y: FloatArray, fitted: FloatArray, change: Any) -> None:
    """A series in the order of time, the fitted line, and the date of the change."""
    axes.plot(times, y, "-o", ms=2.6, lw=0.8, color=BLUE, alpha=0.6)
    axes.plot(times, fitted, color=VERMILLION, lw=2)
    if change is not None:
        axes.axvline(change, color=ORANGE, lw=1.4, ls="--")
