"""Figures of a regression: the outcome cleared of all variables but the first predictor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.catalogue.charts import MOST_BARS, draw_line, draw_scatter
from kosmos_graph.experiments.catalogue.group_plots import draw_arm, name_ticks
from kosmos_graph.experiments.catalogue.observed import Arm
from kosmos_graph.experiments.catalogue.plots import OKABE_ITO, draw_effect_panel, headline
from kosmos_graph.experiments.catalogue.regression_model import regression_of
from kosmos_graph.experiments.least_squares import Fit
from kosmos_graph.experiments.method import Sample
from kosmos_graph.experiments.plain_text import axis_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_regression(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The outcome cleared of all other variables: over a numeric focus with the slope, or by level of a categorical one."""
    fit = regression_of(sample, design).fit
    if fit.matrix.focus.levels:
        draw_adjusted_levels(axes, fit, sample, design, result)
    else:
        draw_added_variable(axes, fit, sample, design)
    headline(axes, result.effect)


def draw_adjusted_levels(axes: Axes, fit: Fit, sample: Sample, design: Design, result: TestResult) -> None:
    """The outcome by level, the reference at the left, with the effect in a panel where there are two.

    Where rows hang together a level's mean has no interval: that of independent rows would be too narrow beside the effect's.
    """
    focus = fit.matrix.focus
    own = fit.matrix.columns[:, -focus.width :] @ fit.coefficients[-focus.width :]
    values = fit.residuals + own + fit.mean
    levels = sample.frame[focus.column].astype(object).to_numpy()
    shown = (focus.reference or "", *focus.levels)[:MOST_BARS]
    arms = tuple(Arm(level, values[levels == level]) for level in shown)
    cluster = design.target.cluster
    level = result.effect.level if cluster is None else None
    for place, arm in enumerate(arms):
        draw_arm(axes, arm, place, OKABE_ITO[place % len(OKABE_ITO)], level, means=True)
    units = () if cluster is None else tuple(int(sample.frame[cluster][levels == arm.label].nunique()) for arm in arms)
    name_ticks(axes, arms, 22 if len(arms) < 5 else 10, units)
    axes.set_xlabel(f"{axis_label(sample.card, focus.column)}   (black: mean{'' if cluster is not None else ' with interval'})")
    axes.set_ylabel(axis_label(sample.card, design.target.outcome) + cleared(fit))
    if focus.width == 1:
        draw_effect_panel(axes, result.effect, None, result.equivalence.delta if result.equivalence else None)


def cleared(fit: Fit) -> str:
    """What an axis says where the model has other variables."""
    return ", others held constant" if len(fit.matrix.blocks) > 1 else ""


def draw_added_variable(axes: Axes, fit: Fit, sample: Sample, design: Design) -> None:
    """Outcome and focus cleared of all other variables, each moved back to its mean, and the fitted slope."""
    own = fit.basis[:, -1] * float(fit.basis[:, -1] @ fit.matrix.columns[:, -1]) * float(fit.matrix.scales[-1])
    slope = float(fit.slopes[-1])
    x, y = own + float(fit.matrix.centres[-1]), fit.residuals + slope * own + fit.mean
    draw_scatter(axes, x, y)
    draw_line(axes, x, slope, (float(fit.matrix.centres[-1]), fit.mean))
    axes.set_xlabel(axis_label(sample.card, fit.matrix.focus.column) + cleared(fit))
    axes.set_ylabel(axis_label(sample.card, design.target.outcome) + cleared(fit))
