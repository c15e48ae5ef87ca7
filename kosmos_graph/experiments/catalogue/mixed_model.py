"""Linear mixed model with a random intercept for each cluster, and a random slope where the predictor varies within clusters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

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
from kosmos_graph.experiments.design_matrix import DesignMatrix, FloatArray, numeric_values
from kosmos_graph.experiments.kenward_roger import KenwardRoger, kenward_roger
from kosmos_graph.experiments.method import Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.multiplicity import holm
from kosmos_graph.experiments.plain_text import axis_label
from kosmos_graph.experiments.power import minimum_detectable
from kosmos_graph.experiments.random_effects import (
    NONE,
    IntArray,
    RandomEffects,
    Structure,
    fit_random_effects,
    intercepts,
    levels,
    slopes,
)
from kosmos_graph.experiments.tost import two_one_sided_tests

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_CLUSTERS = 6
FEW_CLUSTERS = 12
FEWEST_DF = 4.0
"""Degrees of freedom below which their approximation is poor."""
LEAST_DF = 1.0
"""Degrees of freedom that an effect must have: those of two clusters."""


@dataclass(frozen=True)
class MixedFit:
    """The fit and its slopes in units of the data, with each column's degrees of freedom.

    `inside`: whether the first predictor varies within clusters; `varies`: whether its effect may differ between them.
    """

    fit: RandomEffects
    errors: KenwardRoger
    found: Wald
    dfs: tuple[float, ...]
    sizes: IntArray
    inside: bool

    @property
    def varies(self) -> bool:
        """Whether the clusters' effects may differ."""
        return len(self.fit.at.ratios) > 1


def mixed_fit(sample: Sample, design: Design) -> MixedFit:
    """Fit the design's model. Raises NotApplicable where there are too few clusters, or rows in them."""
    target, matrix = design.target, model_of(sample, design)
    if target.cluster is None:
        raise NotApplicable("No column is named that says which rows hang together.")
    ids = pd.factorize(sample.frame[target.cluster].astype(object))[0].astype(np.int64)
    sizes = np.bincount(ids)
    if sizes.size < LEAST_CLUSTERS:
        raise NotApplicable(
            f"{target.cluster} has {sizes.size} clusters after exclusions, too few to see how they differ: "
            f"at least {LEAST_CLUSTERS} are needed."
        )
    if sizes.size == matrix.n:
        raise NotApplicable(f"Every row has its own value of {target.cluster}, so no rows hang together.")
    if min(sizes.size, matrix.n - sizes.size) <= matrix.width + 1:
        raise NotApplicable(f"There are too few clusters, or rows in them, for {matrix.width + 1} coefficients.")
    structures = structures_of(matrix, ids)
    columns = np.column_stack([np.ones(matrix.n), matrix.columns])
    fit = fit_random_effects(columns, numeric_values(sample.frame, target.outcome), structures, target.outcome)
    errors = kenward_roger(fit)
    dfs = tuple(errors.df(one) for one in np.eye(matrix.width + 1)[1:])
    found = standardised_wald(matrix, fit.at.coefficients[1:], errors.covariance[1:, 1:], dfs[-1])
    if min(dfs[-matrix.focus.width :]) < LEAST_DF:
        raise NotApplicable(f"Too few clusters inform the effect of {matrix.focus.column}, so its error is unknown.")
    return MixedFit(fit, errors, found, dfs, sizes, len(structures) > 1)


def structures_of(matrix: DesignMatrix, ids: IntArray) -> tuple[Structure, ...]:
    """What clusters may do to their rows, in the order in which it is tried: by the columns alone, never by the outcome.

    Where the first predictor varies within clusters its effect differs between them: a number's slope, or that of two levels; of
    several levels each has its own shift in each cluster.
    """
    own = matrix.focus.values
    first = np.full(int(ids.max()) + 1, -1)
    first[ids[::-1]] = np.arange(len(ids))[::-1]
    if np.array_equal(own, own[first[ids]]):
        return (intercepts(ids),)
    if own.shape[1] == 1:
        return slopes(ids, matrix.columns[:, -1]), intercepts(ids)
    return levels(ids, np.where(own.any(axis=1), own.argmax(axis=1), own.shape[1]).astype(np.int64)), intercepts(ids)


def mixed_model(sample: Sample, design: Design, context: Context) -> TestResult:
    """t of the first predictor's one coefficient with the errors of Kenward and Roger, or F of its several."""
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
    """F of all levels' contrasts."""
    require_undirected(design)
    width = mixed.found.focus.width
    statistic, df, p = mixed.errors.joint(mixed.fit.at.coefficients, width)
    result = joint_result(
        MIXED_MODEL,
        mixed.found,
        sample,
        design,
        context,
        n=math.ceil(df) + width + 1,
        tested=(statistic, (float(width), df), p),
        groups=groups_of(mixed.found.focus, sample, design),
        measures=measures_of(mixed, df, design),
        caveats=caveats_of(mixed, df, sample),
    )
    return result.model_copy(update={"terms": terms_of(mixed, context.level)})


def standardised(effect: Effect, mixed: MixedFit, design: Design) -> Effect:
    """The coefficient in standard deviations that the predictors leave, between and within clusters together (Hedges 2007, J Educ
    Behav Stat 32:341), per standard deviation of a numeric predictor. The interval is scaled as if those were known.
    """
    focus = mixed.found.focus
    scale = (1.0 if focus.levels else float(mixed.found.matrix.scales[-1])) / math.sqrt(mixed.fit.total)
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
        if mixed.dfs[place] < LEAST_DF:
            terms.append(Term(name=names[place], estimate=float(found.slopes[place])))
            continue
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
    return (*terms, *variance_terms(mixed))


def variance_terms(mixed: MixedFit) -> tuple[Term, ...]:
    """The variances, in units of the data: between clusters at a numeric predictor's mean, or at the reference of two levels."""
    matrix, focus, between = mixed.found.matrix, mixed.found.focus, mixed.fit.variances
    terms = [("variance within clusters", mixed.fit.within)]
    if not mixed.varies:
        terms = [("variance between clusters", between[0, 0]), *terms]
    elif focus.width > 1:
        ratios = mixed.fit.within * mixed.fit.at.ratios
        terms = [("variance between clusters", ratios[0]), (f"variance of {focus.column} within clusters", ratios[1]), *terms]
    else:
        at = np.array([1.0, -matrix.centres[-1] / matrix.scales[-1] if focus.levels else 0.0])
        what, place = ("difference", focus.reference) if focus.levels else ("slope", "the mean")
        terms = [
            (f"variance between clusters at {place}", float(at @ between @ at)),
            (f"variance of the {what}s between clusters", between[1, 1] / matrix.scales[-1] ** 2),
            (f"covariance of level and {what}", float(at @ between[:, 1] / matrix.scales[-1])),
            *terms,
        ]
    return tuple(Term(name=name, estimate=float(value)) for name, value in terms)


def measures_of(mixed: MixedFit, df: float, design: Design) -> tuple[Measure, ...]:
    """How rows hang together."""
    sizes, total = mixed.sizes, mixed.fit.total
    found = (
        (
            "intraclass correlation",
            1 - mixed.fit.within / total,
            "share of the variance left that lies between clusters, averaged over rows",
        ),
        ("clusters", float(sizes.size), f"values of {design.target.cluster}"),
        ("largest cluster", float(max(sizes)), "rows"),
        ("smallest cluster", float(min(sizes)), "rows"),
        (
            "degrees of freedom",
            df,
            "of Kenward and Roger; near the number of clusters where the effect differs between them, or is one of whole clusters",
        ),
    )
    return tuple(Measure(name=name, value=value, meaning=meaning) for name, value, meaning in found) + matrix_measures(
        mixed.found.matrix
    )


def caveats_of(mixed: MixedFit, df: float, sample: Sample) -> tuple[str, ...]:
    """Sentences on slopes that could not be random, on variances at their boundary, and on few clusters."""
    said, column = [], mixed.found.focus.column
    if mixed.inside and not mixed.varies:
        said.append(
            f"{column} varies within clusters, but with so few rows that a difference between the clusters' effects cannot be told "
            "from one between rows, so both are taken for the rows' own."
        )
    if not np.any(mixed.fit.at.ratios):
        said.append("Clusters differ no more than chance would have them, so the variance between them is estimated as none.")
    elif mixed.varies and mixed.fit.at.ratios[-1] == 0:
        said.append(
            f"The effects of {column} differ no more between clusters than chance would have it, so their variance is estimated "
            "as none."
        )
    elif mixed.varies and singular(mixed.fit.variances):
        said.append(
            "The clusters' levels and effects are estimated to go together perfectly, as they are where effects differ little, so "
            "p and the interval are cautious."
        )
    if mixed.sizes.size < FEW_CLUSTERS or df < FEWEST_DF:
        said.append("Few clusters inform the model, so the variances between them, p and the interval are only rough.")
    return (*said, *matrix_caveats(mixed.found.matrix, sample))


def singular(variances: FloatArray) -> bool:
    """Whether random effects depend on each other perfectly."""
    values = np.linalg.eigvalsh(variances)
    return bool(values[0] <= NONE * values[-1])


def draw_mixed(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The first predictor's coefficients with their intervals."""
    focus = model_of(sample, design).focus
    draw_terms(axes, result.terms[: focus.width], 0.0)
    what = "difference" if focus.levels else "slope"
    axes.set_xlabel(f"{what} of {axis_label(sample.card, design.target.outcome)}, n = {result.n_analysed}")
    headline(axes, result.effect)


MIXED_MODEL = Method(
    name="mixed_model",
    title="Linear mixed model (random intercepts and slopes)",
    summary="How does a numeric outcome change with the first predictor, where every cluster has a level and an effect of its own?",
    estimand="slope of the outcome on the first predictor (or adjusted difference of its levels), others held constant",
    source="restricted maximum likelihood, Patterson and Thompson 1971, Biometrika 58:545; errors and degrees of "
    "freedom of Kenward and Roger 1997, Biometrics 53:983; random slopes: Barr, Levy, Scheepers and Tily 2013, J Mem Lang 68:255",
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
    asked_for=r"\bmixed(?:[- ]effects?)?(?: linear)? (?:model|regression)|\brandom (?:intercept|slope|effect)s?\b|\bmultilevel\b"
    r"|\bhierarchical (?:linear )?(?:model|regression)",
    assumption="By rule, every cluster shifts its rows and, where the first predictor varies within clusters, its effect by normal "
    "amounts that have nothing to do with the predictors, and rows spread equally around them.",
)

METHODS: tuple[Method, ...] = (MIXED_MODEL,)
