"""Correlation of two series over time, judged by as many independent points as their autocorrelation leaves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import signal

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Measure, Term, TestResult
from kosmos_graph.experiments.catalogue.association import Correlation, correlate, delta_caveat, described, label_of, z_effect
from kosmos_graph.experiments.catalogue.kinds import NUMERIC
from kosmos_graph.experiments.catalogue.plots import BLUE, ORANGE, headline
from kosmos_graph.experiments.catalogue.result import result_of
from kosmos_graph.experiments.catalogue.series import IRREGULAR, Series, series_of
from kosmos_graph.experiments.catalogue.tails import p_value
from kosmos_graph.experiments.design_matrix import FloatArray, centred, numeric_values
from kosmos_graph.experiments.method import Case, Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.plain_text import axis_label
from kosmos_graph.experiments.power import minimum_detectable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_EFFECTIVE = 5.0
"""Independent points below which a correlation says nothing."""
FEW_EFFECTIVE = 15.0
FARTHEST = 5
"""Autocorrelations are summed to the lag of this part of the points."""
LONG = 4000
"""Points from which autocorrelations are computed by Fourier transforms."""


@dataclass(frozen=True)
class Paired:
    """A correlation of two series and the number of independent points that it is worth."""

    found: Correlation
    effective: float

    @property
    def error(self) -> float:
        """Standard error of Fisher's z."""
        return 1 / math.sqrt(self.effective - 3)

    @property
    def df(self) -> float:
        """Degrees of freedom."""
        return self.effective - 2


def both_series(sample: Sample, design: Design) -> tuple[Series, Series]:
    """Outcome and first predictor in the order of time."""
    if len(design.target.predictors) != 1:
        raise NotApplicable("A correlation of series takes one other series.")
    if design.target.predictors[0] == design.target.outcome:
        raise NotApplicable(f"{design.target.outcome} cannot be correlated with itself.")
    outcome = series_of(sample, design)
    order = np.argsort(sample.frame[str(design.target.time)].to_numpy(), kind="stable")
    other = numeric_values(sample.frame, design.target.predictors[0])[order]
    return outcome, Series(other, outcome.times, outcome.elapsed, outcome.unit)


def autocorrelation(values: FloatArray, name: str, lags: int) -> FloatArray:
    """Autocorrelations at lags 1 to `lags`, each sum of products divided by its number of terms."""
    deviations, _ = centred(values, name)
    deviations = deviations / np.linalg.norm(deviations)
    n, steps = deviations.size, np.arange(1, lags + 1)
    if n > LONG:
        products = signal.correlate(deviations, deviations, method="fft")[n : n + lags]
    else:
        products = np.array([deviations[lag:] @ deviations[: n - lag] for lag in steps])
    return np.asarray(products * n / (n - steps), dtype=np.float64)


def effective_points(x: FloatArray, y: FloatArray, names: tuple[str, str]) -> float:
    """Points that a correlation of two series is worth: n / (1 + 2 Σ (1 − k/n) r_x(k) r_y(k)), n at most.

    Bartlett 1935, J R Stat Soc 98:536, with the lags and autocorrelations that Pyper and Peterman 1998, Can J Fish Aquat Sci
    55:2127, recommend.
    """
    n = x.size
    lags = max(1, n // FARTHEST)
    products = autocorrelation(x, names[0], lags) * autocorrelation(y, names[1], lags)
    inflation = 1 + 2 * float(np.sum((1 - np.arange(1, lags + 1) / n) * products))
    return n / max(inflation, 1.0)


def paired(x: FloatArray, y: FloatArray, names: tuple[str, str]) -> Paired:
    """The correlation of two series. Raises NotApplicable where it is perfect, or worth fewer than five points."""
    found = correlate(x, y, names)
    if found.perfect:
        raise NotApplicable("One series is computed from the other: they lie exactly on a line, and nothing is left to test.")
    effective = effective_points(x, y, names)
    if effective < LEAST_EFFECTIVE:
        raise NotApplicable(
            f"Both series change so slowly that their {x.size} points are worth {effective:.1f} independent ones, too few for a "
            "correlation; compare their changes from point to point instead."
        )
    return Paired(found, effective)


def detrended(series: Series) -> FloatArray:
    """The series without its linear trend."""
    time = series.elapsed - series.elapsed.mean()
    values = series.outcome - series.outcome.mean()
    return np.asarray(values - time * float(time @ values) / float(time @ time), dtype=np.float64)


def series_correlation(sample: Sample, design: Design, context: Context) -> TestResult:
    """Pearson's r of the two series, Fisher's z by the independent points that they are worth."""
    outcome, other = both_series(sample, design)
    names = design.target.predictors[0], design.target.outcome
    found = paired(other.outcome, outcome.outcome, names)
    statistic = found.found.fisher_z / found.error
    detectable = minimum_detectable(found.error, found.df, context.alpha, design.alternative)
    return result_of(
        SERIES_CORRELATION,
        sample,
        design,
        statistic_name="t",
        statistic=statistic,
        df=(found.df,),
        p_value=p_value(statistic, found.df, design.alternative),
        effect=effect_of("correlation of the series", label_of(design), found, design, context),
        other_effects=beside(outcome, other, names, design, context),
        groups=described(sample, design),
        measures=measures_of(outcome, other, found, names),
        terms=lagged(outcome, other, names),
        minimum_detectable=None if detectable is None else math.tanh(detectable),
        caveats=delta_caveat(context) + caveats_of(outcome, other, found, names),
    )


def effect_of(name: str, label: str, found: Paired, design: Design, context: Context) -> Effect:
    """A correlation with the interval of Fisher's z."""
    return z_effect(name, label, found.found, found.error, design, context, found.df)


def beside(outcome: Series, other: Series, names: tuple[str, str], design: Design, context: Context) -> tuple[Effect, ...]:
    """The correlation of the series without their trends, and of their changes from point to point, where they have one."""
    versions = (
        ("correlation without linear trends", detrended(other), detrended(outcome)),
        ("correlation of changes from point to point", np.diff(other.outcome), np.diff(outcome.outcome)),
    )
    effects = []
    for name, x, y in versions:
        try:
            found = paired(x, y, names)
        except NotApplicable:
            continue
        effects.append(effect_of(name, label_of(design), found, design, context))
    return tuple(effects)


def lagged(outcome: Series, other: Series, names: tuple[str, str]) -> tuple[Term, ...]:
    """Correlations with one series shifted by up to three points: described, not tested."""
    terms = []
    for lag in range(-3, 4):
        x, y = (other.outcome[: other.outcome.size - lag], outcome.outcome[lag:]) if lag >= 0 else (
            other.outcome[-lag:], outcome.outcome[:lag])  # fmt: skip
        try:
            found = correlate(x, y, names)
        except NotApplicable:
            continue
        said = "at the same time" if lag == 0 else f"{names[0] if lag > 0 else names[1]} {abs(lag)} earlier"
        terms.append(Term(name=f"correlation, {said}", estimate=found.r, n=int(x.size)))
    return tuple(terms)


def measures_of(outcome: Series, other: Series, found: Paired, names: tuple[str, str]) -> tuple[Measure, ...]:
    """How much the points of each series say beyond their neighbours."""
    own = [float(autocorrelation(series.outcome, name, 1)[0]) for series, name in ((other, names[0]), (outcome, names[1]))]
    trends = [float(correlate(series.elapsed, series.outcome, ("time", name)).r) for series, name in
              ((other, names[0]), (outcome, names[1]))]  # fmt: skip
    return (
        Measure(name="effective number of points", value=found.effective, meaning="independent points that the series are worth"),
        *(
            Measure(
                name=f"first autocorrelation of {name}",
                value=value,
                meaning="0 where neighbouring points say nothing of each other",
            )
            for name, value in zip(names, own, strict=True)
        ),
        *(
            Measure(
                name=f"correlation of {name} with time",
                value=value,
                meaning="two series that both have a trend go together for that reason alone",
            )
            for name, value in zip(names, trends, strict=True)
        ),
        Measure(name="largest gap over median gap", value=outcome.irregularity, meaning="1 for evenly spaced points"),
    )


def caveats_of(outcome: Series, other: Series, found: Paired, names: tuple[str, str]) -> tuple[str, ...]:
    """Sentences on what two series have in common besides each other."""
    said = ["A trend or season that both series share makes them go together, whatever else they have to do with each other."]
    if found.effective < FEW_EFFECTIVE:
        said.append(f"The series change slowly: their points are worth {found.effective:.1f} independent ones.")
    if outcome.irregularity > IRREGULAR:
        said.append("The points are unevenly spaced, while autocorrelation is counted from point to point.")
    return tuple(said)


def draw_both(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """Both series over time, each with its own scale."""
    outcome, other = both_series(sample, design)
    twin = axes.twinx()
    twin.spines["right"].set_visible(True)
    first = axes.plot(outcome.times.to_numpy(), outcome.outcome, "-o", ms=2.4, lw=1.1, color=BLUE)
    second = twin.plot(outcome.times.to_numpy(), other.outcome, "--s", ms=2.4, lw=1.1, color=ORANGE)
    axes.set_xlabel(f"{axis_label(sample.card, design.target.time or '')}, n = {outcome.outcome.size}")
    names = axis_label(sample.card, design.target.outcome), axis_label(sample.card, design.target.predictors[0])
    axes.set_ylabel(names[0], color=BLUE)
    twin.set_ylabel(names[1], color="#8A5A00")
    axes.legend((*first, *second), names, frameon=False)
    headline(axes, result.effect)


def usual(case: Case) -> str | None:
    """Two numbers over time."""
    if case.task != "associate" or case.target.time is None:
        return None
    return "both columns are series over time, whose neighbouring points are not independent"


SERIES_CORRELATION = Method(
    name="series_correlation",
    title="Correlation of two series",
    summary="Do two numeric series over time go together, given that neighbouring points resemble each other? From 40 points.",
    estimand="Pearson's correlation of the two series at the same points in time",
    source="Fisher's z with the effective number of points of Bartlett 1935, J R Stat Soc 98:536, as Pyper and Peterman 1998, "
    "Can J Fish Aquat Sci 55:2127",
    tasks=("associate",),
    needs=Needs(outcome=NUMERIC, predictor=NUMERIC, predictors=(1, 1), sampling="series", rows=40, time=True),
    run=series_correlation,
    draw=draw_both,
    prefer=usual,
    asked_for=r"correlat\w* (of|between) (the )?(two )?(time )?series|effective (sample size|number of points)",
    assumption="By rule, two series are correlated at the same points in time and judged by the independent points that their "
    "autocorrelation leaves.",
)

METHODS: tuple[Method, ...] = (SERIES_CORRELATION,)
