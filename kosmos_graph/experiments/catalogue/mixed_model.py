"""Linear mixed model with a random intercept for each cluster."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Measure, Term, TestResult
from kosmos_graph.experiments.catalogue.charts import draw_terms
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.plots import headline
from kosmos_graph.experiments.catalogue.regression import delta_caveat, groups_of
from kosmos_graph.experiments.catalogue.regression_model import model_of, slope_label, slope_unit
from kosmos_graph.experiments.catalogue.result import result_of
from kosmos_graph.experiments.catalogue.tails import p_value, t_interval
from kosmos_graph.experiments.catalogue.wald import (
    Wald,
    adjusted,
    joint_result,
    matrix_caveats,
    matrix_measures,
    require_undirected,
    standardised_wald,
)
from kosmos_graph.experiments.design_matrix import FloatArray, numeric_values
from kosmos_graph.experiments.method import Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.multiplicity import holm
from kosmos_graph.experiments.plain_text import axis_label
from kosmos_graph.experiments.power import minimum_detectable
from kosmos_graph.experiments.random_intercept import InterceptFit, fit_intercepts
from kosmos_graph.experiments.tost import two_one_sided_tests

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_CLUSTERS = 6
FEW_CLUSTERS = 12
FEWEST_DF = 4.0
"""Degrees of freedom below which Satterthwaite's approximation is poor."""


@dataclass(frozen=True)
class MixedFit:
    """The fit and its slopes in units of the data, with each column's degrees of freedom."""

    fit: InterceptFit
    found: Wald
    dfs: tuple[float, ...]


def mixed_fit(sample: Sample, design: Design) -> MixedFit:
    """Fit the design's model. Raises NotApplicable where there are too few clusters, or rows in them."""
    target, matrix = design.target, model_of(sample, design)
    if target.cluster is None:
        raise NotApplicable("No column is named that says which rows hang together.")
    ids = pd.factorize(sample.frame[target.cluster].astype(object))[0].astype(np.int64)
    clusters = len(np.bincount(ids))
    if clusters < LEAST_CLUSTERS:
        raise NotApplicable(
            f"{target.cluster} has {clusters} clusters after exclusions, too few to see how they differ: "
            f"at least {LEAST_CLUSTERS} are needed."
        )
    if clusters == matrix.n:
        raise NotApplicable(f"Every row has its own value of {target.cluster}, so no rows hang together.")
    if min(clusters, matrix.n - clusters) <= matrix.width + 1:
        raise NotApplicable(f"There are too few clusters, or rows in them, for {matrix.width + 1} coefficients.")
    fit = fit_intercepts(matrix, numeric_values(sample.frame, target.outcome), ids, target.outcome)
    dfs = tuple(fit.satterthwaite(unit) for unit in np.eye(matrix.width + 1)[1:])
    covariance = fit.covariance[1:, 1:]
    return MixedFit(fit, standardised_wald(matrix, fit.at.coefficients[1:], covariance, dfs[-1]), dfs)


def mixed_model(sample: Sample, design: Design, context: Context) -> TestResult:
    """t of the first predictor's one coefficient with Satterthwaite's degrees of freedom, or F of its several."""
    mixed = mixed_fit(sample, design)
    return (joint if mixed.found.focus.width > 1 else single)(mixed, sample, design, context)


def single(mixed: MixedFit, sample: Sample, design: Design, context: Context) -> TestResult:
    """t test of one coefficient."""
    found, focus, df = mixed.found, mixed.found.focus, mixed.dfs[-1]
    value, error = float(found.slopes[-1]), float(found.errors[-1])
    low, high = t_interval(value, error, df, design.alternative, context.level)
    effect = Effect(
        name=f"{adjusted(found)}{'difference of means' if focus.levels else 'slope'}",
        label=slope_label(focus, sample, design),
        value=value,
        low=low,
        high=high,
        level=context.level,
        unit=slope_unit(focus, sample, design),
    )
    return result_of(
        MIXED_MODEL,
        sample,
        design,
        statistic_name="t",
        statistic=found.statistic,
        df=(df,),
        p_value=found.p_value(design),
        effect=effect,
        standardised=standardised(effect, mixed, design),
        groups=groups_of(focus, sample, design),
        measures=measures_of(mixed, df, design),
        equivalence=two_one_sided_tests(value, error, df, context.delta, context.alpha),
        terms=terms_of(mixed, context.level),
        minimum_detectable=minimum_detectable(error, df, context.alpha, design.alternative),
        caveats=caveats_of(mixed, df, sample) + delta_caveat(focus, design, context),
    )


def joint(mixed: MixedFit, sample: Sample, design: Design, context: Context) -> TestResult:
    """F of all levels' contrasts, on the fewest degrees of freedom of their independent combinations."""
    require_undirected(design)
    width = mixed.found.focus.width
    own, spread = mixed.fit.at.coefficients[-width:], mixed.fit.covariance[-width:, -width:]
    vectors = np.linalg.eigh(spread)[1]
    df = min(mixed.fit.satterthwaite(padded(vector, len(mixed.fit.at.coefficients))) for vector in vectors.T)
    statistic = float(own @ np.linalg.solve(spread, own)) / width
    result = joint_result(
        MIXED_MODEL,
        mixed.found,
        sample,
        design,
        context,
        n=math.ceil(df) + width + 1,
        tested=(statistic, (float(width), df), float(stats.f.sf(statistic, width, df))),
        groups=groups_of(mixed.found.focus, sample, design),
        measures=measures_of(mixed, df, design),
        caveats=caveats_of(mixed, df, sample),
    )
    return result.model_copy(update={"terms": terms_of(mixed, context.level)})


def padded(vector: FloatArray, length: int) -> FloatArray:
    """Weights of the last coefficients, as weights of all."""
    return np.concatenate([np.zeros(length - len(vector)), vector])


def standardised(effect: Effect, mixed: MixedFit, design: Design) -> Effect:
    """The coefficient in standard deviations that the predictors leave, between and within clusters together (Hedges 2007, J Educ
    Behav Stat 32:341), per standard deviation of a numeric predictor. The interval is scaled as if those were known.
    """
    focus = mixed.found.focus
    scale = (1.0 if focus.levels else float(mixed.found.matrix.scales[-1])) / math.sqrt(mixed.fit.between + mixed.fit.within)
    name = "difference in residual standard deviations" if focus.levels else "slope in residual standard deviations"
    label = effect.label if focus.levels else f"{design.target.outcome} per standard deviation of {focus.column}"
    low, high = (None if end is None else end * scale for end in (effect.low, effect.high))
    return Effect(name=name, label=label, value=effect.value * scale, low=low, high=high, level=effect.level)


def terms_of(mixed: MixedFit, level: float) -> tuple[Term, ...]:
    """Every slope on its own degrees of freedom, the first predictor's first, its contrasts Holm-adjusted; then the variances."""
    found, names = mixed.found, mixed.found.matrix.names()
    width, focus = found.matrix.width, found.focus.width
    contrasts = range(width - focus, width)
    statistics = [float(value / error) for value, error in zip(found.slopes, found.errors, strict=True)]
    raw = [p_value(one, df, "two-sided") for one, df in zip(statistics, mixed.dfs, strict=True)]
    held = holm({str(place): raw[place] for place in contrasts})
    terms = []
    for place in (*contrasts, *range(width - focus)):
        low, high = t_interval(float(found.slopes[place]), float(found.errors[place]), mixed.dfs[place], "two-sided", level)
        terms.append(
            Term(
                name=names[place],
                estimate=float(found.slopes[place]),
                low=low,
                high=high,
                statistic=statistics[place],
                p_value=held.get(str(place), raw[place]),
                adjustment="Holm, over the levels' contrasts" if place in contrasts and focus > 1 else None,
            )
        )
    return (
        *terms,
        Term(name="variance between clusters", estimate=mixed.fit.between, n=len(mixed.fit.sizes)),
        Term(name="variance within clusters", estimate=mixed.fit.within, n=found.matrix.n),
    )


def measures_of(mixed: MixedFit, df: float, design: Design) -> tuple[Measure, ...]:
    """How rows hang together."""
    sizes, alike = mixed.fit.sizes, mixed.fit.at.ratio / (1 + mixed.fit.at.ratio)
    found = (
        ("intraclass correlation", alike, "share of the variance left that lies between clusters"),
        ("clusters", float(len(sizes)), f"values of {design.target.cluster}"),
        ("largest cluster", float(max(sizes)), "rows"),
        ("smallest cluster", float(min(sizes)), "rows"),
        ("degrees of freedom", df, "Satterthwaite's; near the number of clusters where the predictor varies between them"),
    )
    return tuple(Measure(name=name, value=value, meaning=meaning) for name, value, meaning in found) + matrix_measures(
        mixed.found.matrix
    )


def caveats_of(mixed: MixedFit, df: float, sample: Sample) -> tuple[str, ...]:
    """Sentences on a variance at its boundary, and on few clusters."""
    said = []
    if mixed.fit.at.ratio == 0:
        said.append(
            "Clusters differ no more than chance would have them, so the variance between them is estimated as none, and the fit "
            "is that of independent rows."
        )
    if len(mixed.fit.sizes) < FEW_CLUSTERS or df < FEWEST_DF:
        said.append("Few clusters inform the model, so the variance between them, p and the interval are only rough.")
    return (*said, *matrix_caveats(mixed.found.matrix, sample))


def draw_mixed(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The first predictor's coefficients with their intervals."""
    focus = model_of(sample, design).focus
    draw_terms(axes, result.terms[: focus.width], 0.0)
    what = "difference" if focus.levels else "slope"
    axes.set_xlabel(f"{what} of {axis_label(sample.card, design.target.outcome)}, n = {result.n_analysed}")
    headline(axes, result.effect)


MIXED_MODEL = Method(
    name="mixed_model",
    title="Linear mixed model (random intercepts)",
    summary="How does a numeric outcome change with the first predictor, where every cluster has a level of its own?",
    estimand="slope of the outcome on the first predictor (or adjusted difference of its levels), others held constant",
    source="restricted maximum likelihood, Patterson and Thompson 1971, Biometrika 58:545; Satterthwaite's degrees of freedom, "
    "Giesbrecht and Burns 1985, Biometrics 41:477",
    tasks=("affect", "associate", "compare"),
    needs=Needs(
        outcome=NUMERIC,
        predictor=NUMERIC | GROUPING,
        predictors=(1, None),
        sampling="clustered",
        covariates=NUMERIC | GROUPING,
        rows=20,
        clusters=LEAST_CLUSTERS,
        per_parameter="rows",
    ),
    run=mixed_model,
    draw=draw_mixed,
    asked_for=r"\bmixed(?:[- ]effects?)?(?: linear)? (?:model|regression)|\brandom (?:intercept|effect)s?\b|\bmultilevel\b"
    r"|\bhierarchical (?:linear )?(?:model|regression)",
    assumption="By rule, every cluster shifts all of its rows by one normal amount that has nothing to do with the predictors, and "
    "rows spread equally around it.",
)

METHODS: tuple[Method, ...] = (MIXED_MODEL,)
