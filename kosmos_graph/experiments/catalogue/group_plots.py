"""Figures of values by group and of pairs, with the effect and its interval beside them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.catalogue.describe import mean, spread
from kosmos_graph.experiments.catalogue.observed import Arm, FloatArray, groups, pairs, two_groups
from kosmos_graph.experiments.catalogue.plots import BLUE, INK, OKABE_ITO, ORANGE, draw_effect_panel, headline
from kosmos_graph.experiments.method import Sample
from kosmos_graph.experiments.plain_text import axis_label, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

MOST_POINTS = 800
"""Points drawn of one group; of larger groups, as many are drawn at even steps through the sorted values."""
MOST_PAIRS = 200
MOST_GROUPS = 12
BY_RANKS = frozenset({"mann_whitney", "kruskal_wallis", "wilcoxon_signed_rank", "sign_test"})
"""Methods whose figures show medians and quartiles."""


def thinned(values: FloatArray) -> FloatArray:
    """At most MOST_POINTS of the sorted values, the extremes included."""
    return np.asarray(_evenly(np.sort(values), MOST_POINTS), dtype=np.float64)


def _evenly(ordered: npt.NDArray[Any], most: int) -> npt.NDArray[Any]:
    if ordered.size <= most:
        return ordered
    return ordered[np.linspace(0, ordered.size - 1, most).round().astype(np.int64)]


def swarm(values: FloatArray, centre: float, width: float = 0.26) -> FloatArray:
    """Horizontal places around `centre`, spread by the density of the sorted `values`; the same each time."""
    steps = (np.arange(values.size) * 0.6180339887498949) % 1.0 - 0.5
    return centre + 2 * width * steps * _relative_density(values)


def _relative_density(values: FloatArray) -> FloatArray:
    span = float(values[-1] - values[0])
    if values.size < 3 or not 0 < span < math.inf:
        return np.full(values.size, min(1.0, values.size / 20))
    counts, edges = np.histogram(values, bins=min(24, max(4, values.size // 6)))
    density = np.interp(values, (edges[:-1] + edges[1:]) / 2, counts / counts.max())
    return np.asarray(np.clip(density, 0.08, 1.0) * min(1.0, 0.35 + values.size / 60), dtype=np.float64)


def mean_whiskers(values: FloatArray, level: float) -> tuple[float, float]:
    """Half-widths below and above the mean of its t interval; zeros where there is one value."""
    sd = spread(values)
    if not sd:
        return 0.0, 0.0
    half = float(stats.t.ppf((1 + level) / 2, values.size - 1)) * sd / math.sqrt(values.size)
    return half, half


def draw_arm(axes: Axes, arm: Arm, place: float, colour: str, level: float | None, *, means: bool, quantile: float = 0.5) -> None:
    """Points of one group with its mean and interval (alone without a `level`), or, without `means`, its median and quartiles, or
    another `quantile` alone.
    """
    shown = thinned(arm.values)
    axes.plot(swarm(shown, place), shown, "o", ms=3.2, mec="none", color=colour, alpha=0.45, rasterized=True, zorder=1)
    if means:
        centre, whiskers = mean(arm.values), (0.0, 0.0) if level is None else mean_whiskers(arm.values, level)
    elif quantile != 0.5:
        centre, whiskers = float(np.quantile(arm.values, quantile, method="averaged_inverted_cdf")), (0.0, 0.0)
    else:
        rule: Literal["linear", "inverted_cdf"] = "linear" if arm.numeric else "inverted_cdf"
        quarter, centre, three = (float(value) for value in np.quantile(arm.values, (0.25, 0.5, 0.75), method=rule))
        whiskers = centre - quarter, three - centre
    axes.errorbar(
        place + 0.36,
        centre,
        yerr=[[whiskers[0]], [whiskers[1]]],
        fmt="o" if means else "D",
        ms=5,
        color=INK,
        capsize=4 if any(whiskers) else 0,
        lw=1.6,
        zorder=3,
    )


def name_ticks(axes: Axes, arms: tuple[Arm, ...], longest: int = 22, clusters: tuple[int, ...] = ()) -> None:
    """Tick labels with each group's name, its n and, where rows hang together, in how many clusters they are."""
    within = [f" in {n} clusters" for n in clusters] or [""] * len(arms)
    names = [f"{plain(arm.label, longest)}\nn = {arm.n}{more}" for arm, more in zip(arms, within, strict=True)]
    axes.set_xticks(range(len(arms)), names)
    axes.set_xlim(-0.6, len(arms) - 0.25)


def _name_outcome(axes: Axes, sample: Sample, design: Design, *, numeric: bool) -> None:
    axes.set_ylabel(axis_label(sample.card, design.target.outcome))
    if not numeric:
        name_levels(axes.yaxis, sample, design.target.outcome)


def name_levels(axis: Axis, sample: Sample, column: str) -> None:
    """Level names instead of codes on the axis of an ordered column."""
    series = sample.frame[column]
    if isinstance(series.dtype, pd.CategoricalDtype):
        axis.set_ticks(range(len(series.cat.categories)), [plain(str(level), 18) for level in series.cat.categories])


def draw_groups(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """Values by group; of two groups B (the reference) at the left, and the effect in a panel at the right."""
    arms = groups(sample, design, least=1, numeric=False)
    two = len(arms) == 2
    if two:
        a, b = two_groups(sample, design, least=1, numeric=False)
        arms = (b, a)
    shown = _largest_groups(arms)
    means = arms[0].numeric and result.method not in BY_RANKS
    for place, arm in enumerate(shown):
        draw_arm(axes, arm, place, OKABE_ITO[place % len(OKABE_ITO)], result.effect.level, means=means)
    name_ticks(axes, shown, 22 if len(shown) < 5 else 10)
    _name_axes(axes, sample, design, len(arms) - len(shown), means=means, numeric=arms[0].numeric)
    if two:
        on_scale = result.effect.name == "difference of means"
        delta = result.equivalence.delta if result.equivalence else None
        draw_effect_panel(axes, result.effect, mean(arms[0].values) if on_scale else None, delta)
    headline(axes, result.effect)


def _largest_groups(arms: tuple[Arm, ...]) -> tuple[Arm, ...]:
    """The largest groups in their order, where there are too many to draw."""
    largest = sorted(range(len(arms)), key=lambda place: -arms[place].n)[:MOST_GROUPS]
    return tuple(arms[place] for place in sorted(largest))


def _name_axes(axes: Axes, sample: Sample, design: Design, left_out: int, *, means: bool, numeric: bool) -> None:
    centre = "mean with interval" if means else "median with quartiles" if numeric else "median level with quartiles"
    note = f", {left_out} smaller groups not drawn" if left_out else ""
    axes.set_xlabel(f"{axis_label(sample.card, design.target.predictors[0])}   (black: {centre}{note})")
    _name_outcome(axes, sample, design, numeric=numeric)


def draw_pairs(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """A line per pair from the second measurement (the baseline) to the first, and the effect in a panel at the right."""
    a, b = pairs(sample, design, least=1, numeric=False)
    shown = _evenly(np.argsort(a.values - b.values, kind="stable"), MOST_PAIRS)
    for up, colour in ((True, BLUE), (False, ORANGE)):
        chosen = shown[(a.values[shown] >= b.values[shown]) == up]
        if chosen.size:
            axes.plot([0, 1], [b.values[chosen], a.values[chosen]], "-o", ms=3, lw=0.9, color=colour, alpha=0.4, mec="none")
    if a.numeric:
        centre = np.median if result.method in BY_RANKS else np.mean
        axes.plot([0, 1], [centre(b.values), centre(a.values)], "-D", color=INK, lw=2, ms=6, zorder=4)
        axes.set_xlabel(f"(blue: no lower, orange: lower, black: {'median' if centre is np.median else 'mean'})")
    axes.set_xticks([0, 1], [f"{plain(arm.label, 26)}\nn = {arm.n}" for arm in (b, a)])
    axes.set_xlim(-0.3, 1.3)
    _name_outcome(axes, sample, design, numeric=a.numeric)
    draw_effect_panel(axes, result.effect, None, result.equivalence.delta if result.equivalence else None)
    headline(axes, result.effect)
