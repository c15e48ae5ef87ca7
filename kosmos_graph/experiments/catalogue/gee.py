"""Generalised estimating equations: odds ratios and ratios of counts where rows hang together in clusters."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Group, Measure, TestResult
from kosmos_graph.experiments.catalogue.charts import draw_terms, ratio_axis
from kosmos_graph.experiments.catalogue.count_regression import counts_of, exposure_of
from kosmos_graph.experiments.catalogue.count_regression import groups_of as count_groups
from kosmos_graph.experiments.catalogue.counts import Tally, one_tally, successes
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.plots import headline
from kosmos_graph.experiments.catalogue.regression_model import model_of
from kosmos_graph.experiments.catalogue.result import result_of
from kosmos_graph.experiments.catalogue.wald import (
    Wald,
    adjusted,
    detectable_ratio,
    joint,
    joint_result,
    matrix_caveats,
    matrix_measures,
    per_deviation,
    ratio,
    ratio_delta_caveat,
    ratio_label,
    standardised_wald,
    terms_of,
)
from kosmos_graph.experiments.count_likelihood import fit_poisson
from kosmos_graph.experiments.design_matrix import Block, DesignMatrix, FloatArray
from kosmos_graph.experiments.maximum_likelihood import fit_logistic
from kosmos_graph.experiments.method import Case, Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.plain_text import axis_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_CLUSTERS = 8
FEW_CLUSTERS = 20
ITERATIONS = 200
TOLERANCE = 1e-10
"""Norm of the estimating equations, over the sum of the outcome's sizes, at which they count as solved."""


@dataclass(frozen=True)
class GeeFit:
    """The solved equations: slopes with bias-reduced errors, the working correlation, and each cluster's number of rows."""

    found: Wald
    correlation: float
    sizes: tuple[int, ...]
    counted: bool


def gee_fit(sample: Sample, design: Design) -> GeeFit:
    """Solve the design's equations, starting from the fit to independent rows, which refuses separated outcomes."""
    target, matrix = design.target, model_of(sample, design)
    if target.cluster is None:
        raise NotApplicable("No column is named that says which rows hang together.")
    clusters = pd.factorize(sample.frame[target.cluster].astype(object))[0].astype(np.int64)
    sizes = np.bincount(clusters)
    if sizes.size < LEAST_CLUSTERS:
        raise NotApplicable(
            f"{target.cluster} has {sizes.size} clusters after exclusions, too few for estimating equations: "
            f"at least {LEAST_CLUSTERS} are needed."
        )
    if np.max(sizes) == 1:
        raise NotApplicable(f"Every row has its own value of {target.cluster}, so no rows hang together.")
    pairs, needed = int(np.sum(sizes * (sizes - 1))) // 2, matrix.width + 2
    if pairs < needed:
        raise NotApplicable(
            f"Only {pairs} pairs of rows share a value of {target.cluster}, too few to see how rows hang together: "
            f"at least {needed} are needed."
        )
    df = sizes.size - matrix.width - 1
    if df < matrix.focus.width + 1:
        raise NotApplicable(f"There are too few clusters for {matrix.width + 1} coefficients; take fewer variables.")
    counted = sample.frame[target.outcome].dtype.kind == "f"
    if counted:
        outcome, exposure = varied(counts_of(sample, design), target.outcome), exposure_of(sample, design)
        offset = np.zeros(outcome.size) if exposure is None else np.log(exposure)
        start = fit_poisson(matrix, outcome, offset).coefficients
        exponent = "ratio of means" if exposure is None else "rate ratio"
    else:
        if target.exposure is not None:
            raise NotApplicable(f"{target.outcome} is no count, so it has no rate per {target.exposure}; state no exposure.")
        outcome = varied(successes(sample, design).astype(np.float64), target.outcome)
        offset, exponent = None, "odds ratio"
        start = fit_logistic(matrix, outcome == 1).coefficients
    coefficients, covariance, correlation = solved(matrix, outcome, clusters, offset, start)
    wald = standardised_wald(matrix, coefficients[1:], covariance[1:, 1:], float(df), exponent)
    return GeeFit(wald, correlation, tuple(int(size) for size in sizes), counted)


def varied(outcome: FloatArray, name: str) -> FloatArray:
    """The outcome itself. Raises NotApplicable where it does not vary."""
    if np.ptp(outcome) == 0:
        raise NotApplicable(f"The outcome {name} is the same in every row, so there is nothing to explain.")
    return outcome


def solved(
    matrix: DesignMatrix, outcome: FloatArray, clusters: npt.NDArray[np.int64], offset: FloatArray | None, start: FloatArray
) -> tuple[FloatArray, FloatArray, float]:
    """Coefficients, the intercept's first, their covariance and the correlation; of counts where there is an offset.

    As many steps again as led below TOLERANCE double the digits, because each wins about as many.
    """
    from statsmodels.genmod.cov_struct import Exchangeable
    from statsmodels.genmod.families import Binomial, Poisson
    from statsmodels.genmod.generalized_estimating_equations import GEE

    columns = np.column_stack([np.ones(matrix.n), matrix.columns])
    structure, family = Exchangeable(), Binomial() if offset is None else Poisson()
    refusal = "The estimating equations have no solution that was found: clusters differ too much for so many coefficients."
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            model = GEE(outcome, columns, groups=clusters, family=family, cov_struct=structure, offset=offset)
            enough = TOLERANCE * max(1.0, float(np.sum(outcome)))
            fit = model.fit(maxiter=ITERATIONS, ctol=enough, start_params=start, cov_type="naive")
            settled, steps = fit.converged, len(fit.fit_history["score"])
            fit = model.fit(maxiter=steps, ctol=0.0, start_params=fit.params, cov_type="bias_reduced")
    except (np.linalg.LinAlgError, ValueError, FloatingPointError) as error:
        raise NotApplicable(refusal) from error
    coefficients = np.asarray(fit.params, dtype=np.float64)
    covariance = np.asarray(fit.cov_params(), dtype=np.float64)
    correlation = float(structure.dep_params)
    if np.isfinite(correlation) and not -1 / (max(map(len, model.endog_li)) - 1) < correlation < 1:
        raise NotApplicable(
            "Rows of one cluster are less, or more, alike than any one correlation makes them, as where every cluster has "
            "exactly one yes, so the estimating equations have no weights."
        )
    if not (settled and np.all(np.isfinite(coefficients)) and np.all(np.isfinite(covariance)) and np.isfinite(correlation)):
        raise NotApplicable(refusal)
    return coefficients, covariance, correlation


def gee(sample: Sample, design: Design, context: Context) -> TestResult:
    """t of the focus's one coefficient, or Hotelling's F of its several, on clusters less coefficients."""
    fit = gee_fit(sample, design)
    found = fit.found
    groups = (count_groups if fit.counted else success_groups)(found.focus, sample, design)
    measures, caveats = measures_of(fit, design), caveats_of(fit, sample)
    if found.focus.width > 1:
        return joint_result(
            GEE_METHOD,
            found,
            sample,
            design,
            context,
            name="partial ω² between clusters",
            n=len(fit.sizes),
            tested=hotelling(found),
            groups=groups,
            measures=measures,
            caveats=caveats,
        )
    name = f"{adjusted(found)}{found.exponent}"
    return result_of(
        GEE_METHOD,
        sample,
        design,
        statistic_name="t",
        statistic=found.statistic,
        df=() if found.df is None else (found.df,),
        p_value=found.p_value(design),
        effect=ratio(found, name, ratio_label(found, sample, design), design, context),
        standardised=per_deviation(found, name, design, context),
        groups=groups,
        measures=measures,
        terms=terms_of(found, context.level),
        minimum_detectable=detectable_ratio(found, design, context),
        caveats=caveats + ratio_delta_caveat(context),
    )


def hotelling(found: Wald) -> tuple[float, tuple[float, ...], float]:
    """Wald's joint statistic as Hotelling's F, because the errors have few degrees of freedom: (ν − q + 1)/(νq)·Q."""
    statistic, (width, df), _ = joint(found)
    below = df - width + 1
    scaled = statistic * below / df
    return scaled, (width, below), float(stats.f.sf(scaled, width, below))


def success_groups(focus: Block, sample: Sample, design: Design) -> tuple[Group, ...]:
    """Successes in each level of a categorical focus, the reference last; in all rows where the focus is numeric."""
    if not focus.levels:
        whole = one_tally(sample, design)
        return (Tally("all rows", whole.hits, whole.n).as_group(),)
    hits, own = successes(sample, design), sample.frame[focus.column].astype(object).to_numpy()
    levels = (*focus.levels, focus.reference or "")
    return tuple(Tally(level, int(hits[own == level].sum()), int((own == level).sum())).as_group() for level in levels)


def measures_of(fit: GeeFit, design: Design) -> tuple[Measure, ...]:
    """How rows hang together."""
    found = (
        ("clusters", float(len(fit.sizes)), f"values of {design.target.cluster}; what counts as independent"),
        ("largest cluster", float(max(fit.sizes)), "rows"),
        ("smallest cluster", float(min(fit.sizes)), "rows"),
        ("working correlation", fit.correlation, "of two rows of one cluster; the errors hold where it is not the true one"),
    )
    return tuple(Measure(name=name, value=value, meaning=meaning) for name, value, meaning in found) + matrix_measures(
        fit.found.matrix
    )


def caveats_of(fit: GeeFit, sample: Sample) -> tuple[str, ...]:
    """Sentences on few clusters and on sizes that differ."""
    said = []
    if len(fit.sizes) < FEW_CLUSTERS:
        said.append(f"There are only {len(fit.sizes)} clusters, so p and the interval are only approximate.")
    return (*said, *matrix_caveats(fit.found.matrix, sample))


def draw_gee(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The first predictor's ratios with their intervals."""
    focus = model_of(sample, design).focus
    draw_terms(axes, result.terms[: focus.width], 1.0)
    ratio_axis(axes)
    axes.set_xlabel(f"ratio for {axis_label(sample.card, design.target.outcome)}, n = {result.n_analysed}")
    headline(axes, result.effect)


def preferred(case: Case) -> str | None:
    """Clusters, and a yes/no outcome or a count that begins at none."""
    outcome = case.card.column(case.target.outcome)
    if case.target.cluster is None or outcome is None or case.expects == "no effect":
        return None
    if outcome.kind is not Kind.BINARY and not (outcome.kind is Kind.COUNT and outcome.low == 0):
        return None
    what = "odds" if outcome.kind is Kind.BINARY else "mean"
    return (
        f"rows with one value of {case.target.cluster} hang together, effects multiply the outcome's {what}, and these errors "
        "hold however rows of a cluster are alike"
    )


GEE_METHOD = Method(
    name="gee",
    title="Generalised estimating equations",
    summary="By what factor do the odds of a yes/no outcome, or a count, change with the first predictor where rows hang together?",
    estimand="odds ratio, or ratio of expected counts (rates, where an exposure is stated), over the population of clusters",
    source="statsmodels GEE, Liang and Zeger 1986, Biometrika 73:13, exchangeable working correlation; bias-reduced errors of "
    "Mancl and DeRouen 2001, Biometrics 57:126, with t on clusters less coefficients",
    tasks=("affect", "associate", "compare"),
    needs=Needs(
        outcome=frozenset({Kind.BINARY, Kind.COUNT}),
        predictor=NUMERIC | GROUPING,
        predictors=(1, None),
        sampling="clustered",
        covariates=NUMERIC | GROUPING,
        takes=frozenset({"exposure"}),
        rows=20,
        clusters=LEAST_CLUSTERS,
        per_parameter="rows",
    ),
    run=gee,
    draw=draw_gee,
    prefer=preferred,
    asked_for=r"\bgee\b|\bgenerali[sz]ed estimating equations?\b|\bestimating equations?\b",
    assumption="By rule, rows of one cluster may depend on each other in any way, clusters are independent of each other, and "
    "effects multiply odds or counts.",
)

METHODS: tuple[Method, ...] = (GEE_METHOD,)
