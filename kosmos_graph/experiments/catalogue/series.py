"""One series over time: its trend, and its step at a stated date, with errors that allow for autocorrelation."""

from __future__ import annotations

import calendar
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Group, Measure, Term, TestResult
from kosmos_graph.experiments.catalogue.charts import draw_series
from kosmos_graph.experiments.catalogue.describe import describe
from kosmos_graph.experiments.catalogue.kinds import NUMERIC
from kosmos_graph.experiments.catalogue.observed import Arm
from kosmos_graph.experiments.catalogue.plots import headline
from kosmos_graph.experiments.catalogue.result import result_of, unit_of
from kosmos_graph.experiments.catalogue.tails import p_value, t_interval
from kosmos_graph.experiments.design_matrix import Block, DesignMatrix, FloatArray, checked_condition, numeric_values, standardise
from kosmos_graph.experiments.least_squares import (
    Fit,
    autoregressive_covariance,
    first_order_covariance,
    lag_for,
    least_squares,
    memory,
    newey_west_covariance,
)
from kosmos_graph.experiments.method import Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.plain_text import axis_label
from kosmos_graph.experiments.power import minimum_detectable
from kosmos_graph.experiments.tost import two_one_sided_tests

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_POINTS = 10
LEAST_PER_SIDE = 3
STRONG_MEMORY = 0.7
DAY = 86400.0
YEAR = 365.25 * DAY
IRREGULAR = 2.0
"""Ratio of the largest to the median gap from which spacing counts as irregular."""


@dataclass(frozen=True)
class Series:
    """The outcome in the order of time. `elapsed` counts `unit`s since the first point; `times` are as the column has them."""

    outcome: FloatArray
    times: pd.Series
    elapsed: FloatArray
    unit: str

    @property
    def span(self) -> float:
        """Units from the first point to the last."""
        return float(self.elapsed[-1])

    @property
    def irregularity(self) -> float:
        """Ratio of the largest to the median gap."""
        gaps = np.diff(self.elapsed)
        return float(gaps.max() / np.median(gaps))


def series_of(sample: Sample, design: Design) -> Series:
    """The design's series. Raises NotApplicable where it is too short or a point in time has several rows."""
    time, outcome = design.target.time, design.target.outcome
    if time is None:
        raise NotApplicable("A series needs a column of times, and none is named.")
    values = numeric_values(sample.frame, outcome)
    if values.size < LEAST_POINTS:
        raise NotApplicable(f"{values.size} complete points in time are left; a series needs at least {LEAST_POINTS}.")
    order = np.argsort(sample.frame[time].to_numpy(), kind="stable")
    times = sample.frame[time].iloc[order].reset_index(drop=True)
    if times.duplicated().any():
        raise NotApplicable(f"Some points in time of {time} have several rows; a series has one row for each.")
    elapsed, unit = clock(times, time, sample)
    return Series(values[order], times, elapsed, unit)


def clock(times: pd.Series, name: str, sample: Sample) -> tuple[FloatArray, str]:
    """Units elapsed since the first time, and the unit: day, month or year by the median gap of dates, else the column's own."""
    if pd.api.types.is_datetime64_any_dtype(times.dtype):
        seconds = (times - times.iloc[0]).dt.total_seconds().to_numpy(dtype=np.float64)
        unit, length = unit_for(float(np.median(np.diff(seconds))))
        return seconds / length, unit
    if isinstance(times.dtype, pd.CategoricalDtype) or not pd.api.types.is_numeric_dtype(times.dtype):
        raise NotApplicable(f"The column {name} holds neither dates nor numbers, so it cannot order a series.")
    numbers = times.to_numpy(dtype=np.float64)
    card = sample.card.column(name)
    return numbers - numbers[0], (card.unit if card else None) or f"step of {name}"


def unit_for(gap: float) -> tuple[str, float]:
    """Day, month or year, with its length in seconds, for points that are `gap` seconds apart."""
    if gap < 20 * DAY:
        return "day", DAY
    return ("month", YEAR / 12) if gap < 200 * DAY else ("year", YEAR)


def change_moment(series: Series, design: Design) -> pd.Timestamp | float:
    """The moment of the change on the scale of the times: a date, for numbers the number or the year with its fraction."""
    stated = design.target.change_at
    if stated is None:
        raise NotApplicable("A step needs the date of the change, and none is named.")
    if pd.api.types.is_datetime64_any_dtype(series.times.dtype):
        return pd.Timestamp(date_of(stated))
    try:
        number = float(stated)
    except ValueError:
        moment = date_of(stated)
        return moment.year + (moment.timetuple().tm_yday - 1) / (366 if calendar.isleap(moment.year) else 365)
    if not math.isfinite(number):
        raise NotApplicable("The change's place is not a number.")
    return number


def date_of(stated: str) -> datetime:
    """A naive date and time; one with an offset is taken to UTC."""
    try:
        moment = datetime.fromisoformat(stated)
    except ValueError as error:
        raise NotApplicable("The change's date is not a date of the form YYYY-MM-DD.") from error
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def after_change(series: Series, design: Design) -> FloatArray:
    """1 for points at or after the change, 0 before. Raises NotApplicable where a side has fewer than three points."""
    after = (series.times >= change_moment(series, design)).to_numpy(dtype=np.float64)
    if min(after.sum(), after.size - after.sum()) < LEAST_PER_SIDE:
        raise NotApplicable(f"The change leaves fewer than {LEAST_PER_SIDE} points before or after it.")
    return np.asarray(after, dtype=np.float64)


def fit_series(series: Series, blocks: tuple[Block, ...], outcome: str) -> Fit:
    """Least squares of the series on `blocks`, the focus last."""
    columns, centres, scales = standardise(blocks)
    matrix = DesignMatrix(blocks, columns, centres, scales, checked_condition(columns, blocks))
    return least_squares(matrix, series.outcome, outcome)


def time_block(series: Series, design: Design) -> Block:
    """Time as a column of a design matrix."""
    return Block(design.target.time or "time", series.elapsed[:, np.newaxis])


def trend_fit(series: Series, design: Design) -> Fit:
    """The series on time."""
    return fit_series(series, (time_block(series, design),), design.target.outcome)


def step_fit(series: Series, design: Design) -> Fit:
    """The series on time and on being after the change."""
    after = after_change(series, design)[:, np.newaxis]
    change = Block("the change", after, ("after",), "before")
    return fit_series(series, (time_block(series, design), change), design.target.outcome)


def trend_hac(sample: Sample, design: Design, context: Context) -> TestResult:
    """Slope of the outcome on time."""
    series = series_of(sample, design)
    fit = trend_fit(series, design)
    unit = f"{unit_of(sample, design) or 'units'} per {series.unit}"
    label = f"{design.target.outcome} per {series.unit}"
    effect = series_effect("trend", label, unit, fit, design, context)
    change = whole_change(effect, series, sample, design)
    groups = (describe(Arm("all points", series.outcome)),)
    caveat = (f"The smallest effect that matters is read as a change of {design.target.outcome} per {series.unit}.",)
    said = () if context.delta is None else caveat
    return series_result(
        TREND_HAC, sample, design, context, series, fit, effect=effect, others=(change,), groups=groups, caveats=said
    )


def step_hac(sample: Sample, design: Design, context: Context) -> TestResult:
    """Change of level at the date, beside a common linear trend."""
    series = series_of(sample, design)
    fit, after = step_fit(series, design), after_change(series, design)
    effect = series_effect("change of level", "after − before", unit_of(sample, design), fit, design, context)
    groups = tuple(describe(Arm(name, series.outcome[after == side])) for name, side in (("after", 1), ("before", 0)))
    return series_result(STEP_HAC, sample, design, context, series, fit, effect=effect, others=(), groups=groups, caveats=())


def standard_errors(fit: Fit) -> FloatArray:
    """Errors of the slopes, in the units of the data: the largest of prewhitened Newey–West and of autoregressions of order one
    and three.
    """
    prewhitened = newey_west_covariance(fit, lag_for(fit.matrix.n), memory(fit))
    covariances = (prewhitened, first_order_covariance(fit), autoregressive_covariance(fit))
    errors = np.sqrt(np.max([np.diag(covariance) for covariance in covariances], axis=0)) / fit.matrix.scales
    if not np.all((errors > 0) & np.isfinite(errors)):
        raise NotApplicable("The series leaves no residual variation to judge by.")
    return np.asarray(errors, dtype=np.float64)


def series_effect(name: str, label: str, unit: str | None, fit: Fit, design: Design, context: Context) -> Effect:
    """The focus's coefficient with its t interval."""
    value = float(fit.slopes[-1])
    low, high = t_interval(value, float(standard_errors(fit)[-1]), float(fit.df), design.alternative, context.level)
    return Effect(name=name, label=label, value=value, low=low, high=high, level=context.level, unit=unit)


def whole_change(effect: Effect, series: Series, sample: Sample, design: Design) -> Effect:
    """The trend times the length of the series."""
    value, low, high = (None if end is None else end * series.span for end in (effect.value, effect.low, effect.high))
    return Effect(
        name="change over the whole series",
        label=f"{design.target.outcome}, last point − first point of the trend",
        value=value or 0.0,
        low=low,
        high=high,
        level=effect.level,
        unit=unit_of(sample, design),
    )


def series_result(
    method: Method,
    sample: Sample,
    design: Design,
    context: Context,
    series: Series,
    fit: Fit,
    *,
    effect: Effect,
    others: tuple[Effect, ...],
    groups: tuple[Group, ...],
    caveats: tuple[str, ...],
) -> TestResult:
    """t test of the focus's coefficient with Newey–West errors."""
    df, error = float(fit.df), float(standard_errors(fit)[-1])
    statistic = effect.value / error
    return result_of(
        method,
        sample,
        design,
        statistic_name="t",
        statistic=statistic,
        df=(df,),
        p_value=p_value(statistic, df, design.alternative),
        effect=effect,
        other_effects=others,
        groups=groups,
        measures=measures_of(series, fit),
        equivalence=two_one_sided_tests(effect.value, error, df, context.delta, context.alpha),
        terms=series_terms(fit, series, context.level),
        minimum_detectable=minimum_detectable(error, df, context.alpha, design.alternative),
        caveats=(*caveats, *caveats_of(series, fit)),
    )


def series_terms(fit: Fit, series: Series, level: float) -> tuple[Term, ...]:
    """Every slope with its Newey–West interval, the focus first."""
    names = (f"trend per {series.unit}", "change of level, after − before")[: fit.matrix.width]
    rows = zip(names, fit.slopes.tolist(), standard_errors(fit).tolist(), strict=True)
    return tuple(series_term(name, estimate, error, float(fit.df), level) for name, estimate, error in rows)[::-1]


def series_term(name: str, estimate: float, error: float, df: float, level: float) -> Term:
    """One slope's row."""
    low, high = t_interval(estimate, error, df, "two-sided", level)
    statistic = estimate / error
    return Term(name=name, estimate=estimate, low=low, high=high, statistic=statistic, p_value=p_value(statistic, df, "two-sided"))


def measures_of(series: Series, fit: Fit, place: int = -1) -> tuple[Measure, ...]:
    """How the errors were made, and how regular the series is; `place` is that of the effect among the columns."""
    lag = lag_for(fit.matrix.n)
    plain = math.sqrt(float(newey_west_covariance(fit, lag)[place, place])) / float(fit.matrix.scales[place])
    found = (
        ("lag", float(lag), "Newey–West lag: the whole part of 4·(n/100)^(2/9)"),
        ("residual autocorrelation", memory(fit), "of first order, bias-corrected; the Newey–West errors are prewhitened with it"),
        ("standard error without prewhitening", plain, "plain Newey–West error of the effect, for comparison"),
        ("largest gap over median gap", series.irregularity, "1 for evenly spaced points"),
    )
    return tuple(Measure(name=name, value=value, meaning=meaning) for name, value, meaning in found)


def caveats_of(series: Series, fit: Fit) -> tuple[str, ...]:
    """Sentences on what the errors do not allow for."""
    said = ["No season is modelled; a season of a length like the series' would pass for a trend or a step."]
    if memory(fit) > STRONG_MEMORY:
        said.append("The residuals are strongly autocorrelated, so the interval is likely still too narrow.")
    if series.irregularity > IRREGULAR:
        said.append("The points are unevenly spaced, while the errors treat neighbours alike.")
    return tuple(said)


def draw_fitted_series(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The series with its fitted line, and the date of the change where there is one."""
    series = series_of(sample, design)
    step = result.method == STEP_HAC.name
    fit = (step_fit if step else trend_fit)(series, design)
    change = change_moment(series, design) if step else None
    draw_series(axes, series.times.to_numpy(), series.outcome, fit.mean + fit.outcome - fit.residuals, change)
    axes.set_xlabel(axis_label(sample.card, design.target.time or ""))
    axes.set_ylabel(axis_label(sample.card, design.target.outcome))
    headline(axes, result.effect)


TREND_HAC = Method(
    name="trend_hac",
    title="Linear trend (Newey–West)",
    summary="Does a numeric series rise or fall over time? From 40 points.",
    estimand="slope of the outcome on time",
    source="ordinary least squares; errors of Newey and West 1987, Econometrica 55:703, prewhitened as Andrews and Monahan 1992, "
    "Econometrica 60:953, and not below those of an autoregression of order one or three",
    tasks=("trend",),
    needs=Needs(outcome=NUMERIC, sampling="series", rows=40, time=True),
    run=trend_hac,
    draw=draw_fitted_series,
    assumption="By rule, a trend is a straight line with errors that allow for autocorrelation, from 40 points on.",
)

STEP_HAC = Method(
    name="step_hac",
    title="Step at a date (Newey–West)",
    summary="Did the level of a numeric series change at a stated date, beyond its trend? From 40 points.",
    estimand="change of the outcome's level at the date, after minus before, beside a common linear trend",
    source="ordinary least squares; errors of Newey and West 1987, Econometrica 55:703, prewhitened as Andrews and Monahan 1992, "
    "Econometrica 60:953, and not below those of an autoregression of order one or three",
    tasks=("step",),
    needs=Needs(outcome=NUMERIC, sampling="series", rows=40, time=True, change_at=True),
    run=step_hac,
    draw=draw_fitted_series,
    assumption="By rule, a change at a date is a step with errors that allow for autocorrelation, from 40 points on.",
)

METHODS: tuple[Method, ...] = (TREND_HAC, STEP_HAC)
