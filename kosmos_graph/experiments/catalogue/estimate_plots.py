"""Figures of one distribution and of estimates without a test."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, TestResult
from kosmos_graph.experiments.catalogue.counts import success_level
from kosmos_graph.experiments.catalogue.observed import FloatArray, numbers, one_sample
from kosmos_graph.experiments.catalogue.plots import BLUE, INK, SKY, VERMILLION, YELLOW, headline, number
from kosmos_graph.experiments.method import Sample
from kosmos_graph.experiments.plain_text import axis_label, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LEVELS = 12
MOST_TERMS = 24


def draw_distribution(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """Histogram of one outcome, with the estimate, its interval and the reference value."""
    values = one_sample(sample, design, least=1).values
    histogram(axes, values)
    mark_estimate(axes, result.effect)
    if design.target.reference is not None:
        axes.axvline(design.target.reference, color=INK, lw=1.4, ls="--", label=f"reference {number(design.target.reference)}")
    if result.equivalence is not None:
        delta = result.equivalence.delta
        axes.axvspan(
            result.effect.null - delta,
            result.effect.null + delta,
            color=YELLOW,
            alpha=0.3,
            lw=0,
            zorder=0,
            label=f"±δ = {number(delta)}",
        )
    axes.set_xlabel(axis_label(sample.card, design.target.outcome))
    axes.set_ylabel(f"rows (n = {values.size})")
    axes.legend(frameon=False)
    headline(axes, result.effect)


def histogram(axes: Axes, values: FloatArray) -> None:
    """A histogram with at most 40 bins; one bar where the values hardly vary."""
    span = float(values.max() - values.min())
    varied = 1e-12 * float(np.max(np.abs(values))) < span < math.inf
    bins = int(min(40, max(6, round(2 * values.size ** (1 / 3))))) if varied else 1
    axes.hist(values, bins=bins, color=SKY, edgecolor="white", lw=0.6)


def mark_estimate(axes: Axes, effect: Effect) -> None:
    """The estimate as a line and its interval as a band across an axis of outcome values."""
    axes.axvline(effect.value, color=VERMILLION, lw=2, label=f"{plain(effect.name)} {number(effect.value)}")
    if effect.low is not None and effect.high is not None:
        axes.axvspan(effect.low, effect.high, color=VERMILLION, alpha=0.25, lw=0, label=f"{100 * effect.level:g} % interval")


def draw_steps(axes: Axes, values: FloatArray) -> None:
    """The empirical distribution function."""
    axes.ecdf(values, color=BLUE, lw=1.6)
    axes.set_ylabel(f"share of rows at or below (n = {values.size})")


def _outcome_values(sample: Sample, design: Design) -> FloatArray:
    """Numbers of the outcome."""
    return numbers(sample.frame, design.target.outcome)[0]


def draw_estimate(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """An estimate: per group as points with intervals, else over the values or shares that it summarises."""
    if result.terms:
        draw_terms(axes, sample, design, result)
    elif result.effect.name == "proportion":
        draw_shares(axes, sample, design, result)
    else:
        values = _outcome_values(sample, design)
        if result.effect.name == "mean":
            histogram(axes, values)
            axes.set_ylabel(f"rows (n = {values.size})")
        else:
            draw_steps(axes, values)
        mark_estimate(axes, result.effect)
        axes.set_xlabel(axis_label(sample.card, design.target.outcome))
        axes.legend(frameon=False)
    headline(axes, result.effect)


def draw_terms(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """One estimate with its interval a row, the first on top, and the estimate over all rows as a line."""
    shown = result.terms[:MOST_TERMS]
    for place, term in enumerate(shown):
        low = term.estimate if term.low is None else term.low
        high = term.estimate if term.high is None else term.high
        axes.errorbar(
            term.estimate, place, xerr=[[term.estimate - low], [high - term.estimate]], fmt="o", ms=6, color=BLUE, capsize=4, lw=2
        )
    axes.axvline(result.effect.value, color="#888888", lw=1, ls="--", label="all rows")
    axes.set_yticks(range(len(shown)), [f"{plain(term.name, 24)}  (n = {term.n})" for term in shown])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlabel(f"{plain(result.effect.name)} of {axis_label(sample.card, design.target.outcome)}")
    axes.set_ylabel(axis_label(sample.card, design.target.predictors[0]))
    axes.legend(frameon=False)


def draw_shares(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The counted level's share of all rows with its interval, beside the other levels' shares."""
    series = sample.frame[design.target.outcome]
    counted = success_level(sample, design)
    found = series.astype(object).value_counts()
    others = [str(level) for level in series.cat.categories if level != counted and found.get(level, 0)]
    names = [counted, *others][:MOST_LEVELS]
    counts = [int(found.get(name, 0)) for name in names]
    colours = [BLUE, *("#C8C8C8" for _ in names[1:])]
    axes.bar(range(len(names)), [count / len(series) for count in counts], color=colours, width=0.6)
    effect = result.effect
    if effect.low is not None and effect.high is not None:
        axes.errorbar(
            0,
            effect.value,
            yerr=[[effect.value - effect.low], [effect.high - effect.value]],
            fmt="none",
            color=INK,
            capsize=5,
            lw=2,
        )
    axes.set_xticks(range(len(names)), [f"{plain(name, 18)}\nn = {count}" for name, count in zip(names, counts, strict=True)])
    axes.set_xlabel(axis_label(sample.card, design.target.outcome))
    axes.set_ylabel(f"share of rows (n = {len(series)})")
    axes.set_ylim(0, 1.05)
