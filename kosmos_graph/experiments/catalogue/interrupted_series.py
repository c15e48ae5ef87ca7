"""An interrupted series: how its level and its slope changed at a stated date."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from kosmos_graph.domain.design import Alternative, Design
from kosmos_graph.domain.results import Effect, Measure, Term, TestResult
from kosmos_graph.experiments.catalogue.charts import draw_series
from kosmos_graph.experiments.catalogue.describe import describe
from kosmos_graph.experiments.catalogue.kinds import NUMERIC
from kosmos_graph.experiments.catalogue.observed import Arm
from kosmos_graph.experiments.catalogue.plots import INK, headline
from kosmos_graph.experiments.catalogue.result import result_of, unit_of
from kosmos_graph.experiments.catalogue.series import (
    Series,
    after_change,
    caveats_of,
    change_moment,
    fit_series,
    measures_of,
    series_of,
    series_term,
    standard_errors,
    time_block,
)
from kosmos_graph.experiments.catalogue.tails import p_value, t_interval
from kosmos_graph.experiments.design_matrix import Block, FloatArray
from kosmos_graph.experiments.least_squares import Fit, autoregressive_covariance, lag_for, memory, newey_west_covariance
from kosmos_graph.experiments.method import Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.plain_text import axis_label
from kosmos_graph.experiments.power import minimum_detectable
from kosmos_graph.experiments.tost import two_one_sided_tests

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SLOPE, LEVEL = 1, 2
"""Places of both changes among the model's columns, after the slope before."""
OTHER = {SLOPE: LEVEL, LEVEL: SLOPE}
LEAST_EACH = 8
"""Points on each side from which a line is fitted to it."""


def elapsed_since(series: Series, design: Design) -> FloatArray:
    """Units of time since the change; negative before it."""
    moment = change_moment(series, design)
    if isinstance(moment, pd.Timestamp):
        first = series.times.iloc[0]
        seconds = (series.times - first).dt.total_seconds().to_numpy(dtype=np.float64)
        whole = float(seconds[-1])
        passed = (moment - first).total_seconds() / whole * series.span
    else:
        passed = moment - float(series.times.iloc[0])
    return np.asarray(series.elapsed - passed, dtype=np.float64)


def interrupted_fit(series: Series, design: Design) -> Fit:
    """The series on time, on time since the change where it is past, and on being after the change.

    Raises NotApplicable where a side has fewer than eight points.
    """
    after = after_change(series, design)
    if min(after.sum(), after.size - after.sum()) < LEAST_EACH:
        raise NotApplicable(
            f"The change leaves fewer than {LEAST_EACH} points before or after it, too few for a slope of their own."
        )
    bend = Block("the change of slope", (after * elapsed_since(series, design))[:, np.newaxis])
    step = Block("the change of level", after[:, np.newaxis], ("after",), "before")
    return fit_series(series, (time_block(series, design), bend, step), design.target.outcome)


def interrupted_series(sample: Sample, design: Design, context: Context) -> TestResult:
    """Change of level at the date, each side with a slope of its own."""
    return change_result(INTERRUPTED_SERIES, LEVEL, sample, design, context)


def slope_change(sample: Sample, design: Design, context: Context) -> TestResult:
    """Change of slope at the date, with a change of level beside it."""
    return change_result(SLOPE_CHANGE, SLOPE, sample, design, context)


def change_result(method: Method, place: int, sample: Sample, design: Design, context: Context) -> TestResult:
    """The change at one `place` of the model as the effect, the other change beside it, two-sided."""
    series = series_of(sample, design)
    fit, after = interrupted_fit(series, design), after_change(series, design)
    df, error = float(fit.df), float(standard_errors(fit)[place])
    effect = change_effect(place, design.alternative, series, fit, sample, design, context)
    statistic = effect.value / error
    read_as = f"The smallest effect that matters is read as a change of {design.target.outcome} per {series.unit}."
    return result_of(
        method,
        sample,
        design,
        statistic_name="t",
        statistic=statistic,
        df=(df,),
        p_value=p_value(statistic, df, design.alternative),
        effect=effect,
        other_effects=(change_effect(OTHER[place], "two-sided", series, fit, sample, design, context),),
        groups=tuple(describe(Arm(name, series.outcome[after == side])) for name, side in (("after", 1), ("before", 0))),
        measures=(*measures_of(series, fit, place), joint_measure(fit)),
        equivalence=two_one_sided_tests(effect.value, error, df, context.delta, context.alpha),
        terms=terms_of(series, fit, place, context.level),
        minimum_detectable=minimum_detectable(error, df, context.alpha, design.alternative),
        caveats=(
            *((read_as,) if place == SLOPE and context.delta is not None else ()),
            *caveats_of(series, fit),
            "It is assumed that the series would have gone on along its line from before, had nothing changed; anything else that "
            "happened at the date counts as part of the change.",
        ),
    )


def change_effect(
    place: int, alternative: Alternative, series: Series, fit: Fit, sample: Sample, design: Design, context: Context
) -> Effect:
    """The jump at the date, or how much steeper the series is after it."""
    value, error = float(fit.slopes[place]), float(standard_errors(fit)[place])
    low, high = t_interval(value, error, float(fit.df), alternative, context.level)
    unit = unit_of(sample, design)
    name, label = "change of level", "after − before, at the change"
    if place == SLOPE:
        name, unit = "change of slope", f"{unit or 'units'} per {series.unit}"
        label = f"slope after − slope before, {design.target.outcome} per {series.unit}"
    return Effect(name=name, label=label, value=value, low=low, high=high, level=context.level, unit=unit)


def joint_measure(fit: Fit) -> Measure:
    """p of the F test that neither level nor slope changed.

    The covariance is the prewhitened Newey–West one or that of the autoregression, whichever gives the smaller F.
    """
    slopes = fit.coefficients[1:]
    covariances = (newey_west_covariance(fit, lag_for(fit.matrix.n), memory(fit)), autoregressive_covariance(fit))
    f = min(float(slopes @ np.linalg.solve(covariance[1:, 1:], slopes)) / 2 for covariance in covariances)
    meaning = "small where the series does not go on along its line from before, in level or slope"
    return Measure(name="p of no change in level and slope", value=float(stats.f.sf(f, 2, fit.df)), meaning=meaning)


def terms_of(series: Series, fit: Fit, focus: int, level: float) -> tuple[Term, ...]:
    """Every slope with its interval, the focus first and the slope before last."""
    names = (f"slope before, per {series.unit}", f"change of slope, per {series.unit}", "change of level, after − before")
    errors = standard_errors(fit)
    return tuple(
        series_term(names[place], float(fit.slopes[place]), float(errors[place]), float(fit.df), level)
        for place in (focus, OTHER[focus], 0)
    )


def draw_interrupted(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The series, a line on each side, the line from before carried on, and the date."""
    series = series_of(sample, design)
    fit, after = interrupted_fit(series, design), after_change(series, design)
    fitted = fit.mean + fit.outcome - fit.residuals
    past = after == 1
    times: Any = series.times.to_numpy()
    draw_series(axes, times[~past], series.outcome[~past], fitted[~past], None)
    draw_series(axes, times[past], series.outcome[past], fitted[past], change_moment(series, design))
    carried = replace(series, outcome=fit.intercept + series.elapsed * float(fit.slopes[0])).outcome
    axes.plot(times[past], carried[past], "--", color=INK, lw=1.2, label="as before")
    axes.legend(frameon=False)
    axes.set_xlabel(f"{axis_label(sample.card, design.target.time or '')}, n = {series.outcome.size}")
    axes.set_ylabel(axis_label(sample.card, design.target.outcome))
    headline(axes, result.effect)


INTERRUPTED_SERIES = Method(
    name="interrupted_series",
    title="Interrupted series",
    summary="Did the level or the slope of a numeric series change at a stated date? From 40 points.",
    estimand="jump of the outcome's level at the date, after minus before, with a slope of its own on each side",
    source="segmented least squares (Wagner and others 2002, J Clin Pharm Ther 27:299); errors of Newey and West 1987, "
    "Econometrica 55:703, prewhitened, and not below those of an autoregression of order one or three",
    tasks=("step",),
    needs=Needs(outcome=NUMERIC, sampling="series", rows=40, time=True, change_at=True),
    run=interrupted_series,
    draw=draw_interrupted,
    asked_for=r"interrupted (time )?series|segmented regression",
    assumption="By rule, an interrupted series has a line on each side of the date, with errors that allow for autocorrelation.",
)

SLOPE_CHANGE = Method(
    name="slope_change",
    title="Change of slope at a date",
    summary="Did a numeric series begin to rise or fall faster at a stated date? From 40 points.",
    estimand="slope of the outcome on time after the date less the slope before it, with a jump at the date allowed for",
    source=INTERRUPTED_SERIES.source,
    tasks=("step",),
    needs=INTERRUPTED_SERIES.needs,
    run=slope_change,
    draw=draw_interrupted,
    asked_for=r"\bchanges? (of|in) (the )?(slope|trend)|\b(slope|trend)\b.{0,40}\bchang(e|ed|es)\b|"
    r"\b(begin|began|start|started) to (rise|fall|grow|increase|decrease|decline|drop) (faster|slower|more|less)",
    assumption="By rule, a change of slope is the difference of the lines on both sides of the date, with errors that allow for "
    "autocorrelation.",
)

METHODS: tuple[Method, ...] = (INTERRUPTED_SERIES, SLOPE_CHANGE)
