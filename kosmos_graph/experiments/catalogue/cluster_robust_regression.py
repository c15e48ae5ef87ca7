"""Least squares with errors that allow for rows that hang together in clusters (CR2)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import stats

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Measure, Term, TestResult
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.noncentrality import one_tail_caveat
from kosmos_graph.experiments.catalogue.regression import delta_caveat, detectable_share, groups_of, partial_omega_squared
from kosmos_graph.experiments.catalogue.regression_model import (
    level_label,
    model_of,
    slope_label,
    slope_unit,
    undirected_caveat,
)
from kosmos_graph.experiments.catalogue.regression_plots import draw_regression
from kosmos_graph.experiments.catalogue.result import result_of
from kosmos_graph.experiments.catalogue.tails import p_value, t_interval
from kosmos_graph.experiments.catalogue.wald import matrix_caveats, matrix_measures, require_undirected
from kosmos_graph.experiments.clustered_errors import (
    ClusteredErrors,
    Rows,
    bootstrap_share,
    clustered_errors,
    clusters_of,
    joint_f,
)
from kosmos_graph.experiments.design_matrix import FloatArray, numeric_values
from kosmos_graph.experiments.least_squares import EXACT, Fit, intercept_solver, least_squares
from kosmos_graph.experiments.method import Case, Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.multiplicity import holm
from kosmos_graph.experiments.power import minimum_detectable
from kosmos_graph.experiments.tost import two_one_sided_tests

FEW_CLUSTERS = 40
"""Clusters below which the wild cluster bootstrap is computed beside."""
LEAST_CLUSTERS = 5
FEWEST_DF = 4.0
"""Degrees of freedom below which Satterthwaite's approximation is poor (Pustejovsky and Tipton 2018, J Bus Econ Stat 36:672)."""


class ClusteredFit:
    """A least-squares fit with CR2 errors: `estimates` and `errors` are the intercept's and the slopes' in units of the data."""

    def __init__(self, sample: Sample, design: Design) -> None:
        target = design.target
        if target.cluster is None:
            raise NotApplicable("No column is named that says which rows hang together.")
        self.members = clusters_of(pd.factorize(sample.frame[target.cluster].astype(object))[0].astype(np.int64))
        if len(self.members) < LEAST_CLUSTERS:
            raise NotApplicable(
                f"{target.cluster} has {len(self.members)} clusters after exclusions, too few to see how they differ: "
                f"at least {LEAST_CLUSTERS} are needed."
            )
        self.fit: Fit = least_squares(model_of(sample, design), numeric_values(sample.frame, target.outcome), target.outcome)
        self.rows: FloatArray = np.vstack([intercept_solver(self.fit), self.fit.solver / self.fit.matrix.scales[:, np.newaxis]])
        self.clustered: ClusteredErrors = clustered_errors(self.fit, self.members, self.rows)
        self.estimates: FloatArray = np.concatenate([[self.fit.intercept], self.fit.slopes])
        self.errors: FloatArray = np.sqrt(np.diag(self.clustered.covariance))
        noise = EXACT * np.linalg.norm(self.fit.residuals) * np.linalg.norm(self.rows, axis=1)
        if np.any(self.errors[-self.width :] <= noise[-self.width :]):
            raise NotApplicable(
                f"{target.outcome} does not vary between clusters where {self.fit.matrix.focus.column} does, so the error of the "
                "effect is unknown."
            )

    @property
    def width(self) -> int:
        """Coefficients of the first predictor."""
        return self.fit.matrix.focus.width

    def restricted_residuals(self) -> FloatArray:
        """Residuals of the outcome without the first predictor."""
        others = np.linalg.qr(self.fit.matrix.columns[:, : -self.width])[0]
        return np.asarray(self.fit.outcome - others @ (others.T @ self.fit.outcome), dtype=np.float64)


def cluster_robust_regression(sample: Sample, design: Design, context: Context) -> TestResult:
    """CR2 t of the first predictor's one coefficient with Satterthwaite's df, or the approximate Hotelling F of its several."""
    found = ClusteredFit(sample, design)
    return (joint_result if found.width > 1 else single_result)(found, sample, design, context)


def single_result(found: ClusteredFit, sample: Sample, design: Design, context: Context) -> TestResult:
    """t test of one coefficient."""
    focus, value, error = found.fit.matrix.focus, float(found.estimates[-1]), float(found.errors[-1])
    df = found.clustered.df(len(found.estimates) - 1)
    statistic = value / error
    low, high = t_interval(value, error, df, design.alternative, context.level)
    adjusted = "adjusted " if len(found.fit.matrix.blocks) > 1 else ""
    effect = Effect(
        name=f"{adjusted}difference of means" if focus.levels else f"{adjusted}slope",
        label=slope_label(focus, sample, design),
        value=value,
        low=low,
        high=high,
        level=context.level,
        unit=slope_unit(focus, sample, design),
    )
    p = p_value(statistic, df, design.alternative)
    beside = bootstrap_term(found, value, statistic, design, context)
    return result_of(
        CLUSTER_ROBUST_REGRESSION,
        sample,
        design,
        statistic_name="t",
        statistic=statistic,
        df=(df,),
        p_value=p,
        effect=effect,
        standardised=standardised(effect, found, design),
        groups=groups_of(focus, sample, design),
        measures=measures_of(found, df, design),
        equivalence=two_one_sided_tests(value, error, df, context.delta, context.alpha),
        terms=terms_of(found, context.level) + beside,
        minimum_detectable=minimum_detectable(error, df, context.alpha, design.alternative),
        caveats=caveats_of(found, df, p, beside, sample, context) + delta_caveat(focus, design, context),
    )


def joint_result(found: ClusteredFit, sample: Sample, design: Design, context: Context) -> TestResult:
    """Approximate Hotelling F of all levels' contrasts."""
    require_undirected(design)
    width, focus = found.width, found.fit.matrix.focus
    own = found.rows[-width:]
    values, clusters = found.estimates[-width:], len(found.members)
    statistic, df = joint_f(found.clustered, values, own @ own.T)
    wald = float(values @ np.linalg.solve(found.clustered.covariance[-width:, -width:], values))
    p = float(stats.f.sf(statistic, *df))
    effect = partial_omega_squared(statistic, df, clusters, level_label(focus, design), context.level)
    effect = effect.model_copy(update={"name": "partial ω² between clusters"})
    beside = bootstrap_term(found, effect.value, wald, design, context)
    return result_of(
        CLUSTER_ROBUST_REGRESSION,
        sample,
        design,
        statistic_name="F",
        statistic=statistic,
        df=df,
        p_value=p,
        effect=effect,
        groups=groups_of(focus, sample, design),
        measures=measures_of(found, df[1], design),
        terms=terms_of(found, context.level) + beside,
        minimum_detectable=detectable_share(df, clusters, context.alpha),
        caveats=caveats_of(found, df[1], p, beside, sample, context)
        + undirected_caveat(context)
        + one_tail_caveat(p, effect.low, context.alpha, effect.name),
    )


def standardised(effect: Effect, found: ClusteredFit, design: Design) -> Effect:
    """The coefficient in standard deviations of the outcome, per standard deviation of a numeric predictor.

    The interval is scaled as if those were known.
    """
    fit, focus = found.fit, found.fit.matrix.focus
    scale = math.sqrt((fit.matrix.n - 1) / float(np.sum(fit.outcome**2))) * (1.0 if focus.levels else float(fit.matrix.scales[-1]))
    name = "difference in standard deviations of the outcome" if focus.levels else "standardised slope"
    label = effect.label if focus.levels else f"{design.target.outcome} per standard deviation of {focus.column}"
    low, high = (None if end is None else end * scale for end in (effect.low, effect.high))
    return Effect(name=name, label=label, value=effect.value * scale, low=low, high=high, level=effect.level)


def bootstrap_term(found: ClusteredFit, estimate: float, statistic: float, design: Design, context: Context) -> tuple[Term, ...]:
    """The wild cluster bootstrap's p, where clusters are few."""
    if len(found.members) >= FEW_CLUSTERS:
        return ()
    side = {"two-sided": 0, "greater": 1, "less": -1}[design.alternative]
    solver = found.rows[-found.width :]
    p = bootstrap_share(found.clustered, found.restricted_residuals(), solver, statistic, context.seed, side)
    return (
        Term(name=f"{found.fit.matrix.focus.column}, wild cluster bootstrap", estimate=estimate, p_value=p, n=len(found.members)),
    )


def terms_of(found: ClusteredFit, level: float) -> tuple[Term, ...]:
    """Every coefficient with its CR2 interval and own df: first predictor first, its contrasts Holm-adjusted, intercept last."""
    width, focus = found.fit.matrix.width, found.width
    names = ("intercept", *found.fit.matrix.names())
    contrasts = range(width + 1 - focus, width + 1)
    known = {place: found.clustered.df(place) for place in range(width + 1) if found.errors[place] > 0}
    raw = {place: p_value(float(found.estimates[place] / found.errors[place]), df, "two-sided") for place, df in known.items()}
    held = holm({str(place): raw[place] for place in contrasts})
    terms = []
    for place in (*contrasts, *range(1, width + 1 - focus), 0):
        estimate, error = float(found.estimates[place]), float(found.errors[place])
        if place not in known:
            terms.append(Term(name=names[place], estimate=estimate))
            continue
        low, high = t_interval(estimate, error, known[place], "two-sided", level)
        terms.append(
            Term(
                name=names[place],
                estimate=estimate,
                low=low,
                high=high,
                statistic=estimate / error,
                p_value=held.get(str(place), raw[place]),
                adjustment="Holm, over the levels' contrasts" if place in contrasts and focus > 1 else None,
            )
        )
    return tuple(terms)


def likeness(values: FloatArray, members: tuple[Rows, ...]) -> float | None:
    """Intraclass correlation of one-way analysis of variance (Donner 1986, Int Stat Rev 54:67).

    None where clusters are single rows.
    """
    n, m = values.size, len(members)
    if n == m:
        return None
    sizes = np.array([own.size for own in members])
    means = np.array([float(np.mean(values[own])) for own in members])
    between = float(sizes @ (means - np.mean(values)) ** 2) / (m - 1)
    within = sum(float(np.sum((values[own] - mean) ** 2)) for own, mean in zip(members, means, strict=True)) / (n - m)
    size = (n - float(np.sum(sizes**2)) / n) / (m - 1)
    total = between + (size - 1) * within
    return (between - within) / total if total > 0 else None


def measures_of(found: ClusteredFit, df: float, design: Design) -> tuple[Measure, ...]:
    """How rows hang together, and what that costs."""
    sizes = [own.size for own in found.members]
    naive = np.sqrt(float(found.rows[-1] @ found.rows[-1]) * found.fit.residual_sum_of_squares / found.fit.df)
    alike = likeness(found.fit.residuals, found.members)
    measures = [
        Measure(name="clusters", value=float(len(sizes)), meaning=f"values of {design.target.cluster}; what counts as independent"),
        Measure(name="largest cluster", value=float(max(sizes)), meaning="rows"),
        Measure(name="smallest cluster", value=float(min(sizes)), meaning="rows"),
        Measure(
            name="degrees of freedom", value=df, meaning="about the number of clusters that inform the effect; below 4 p is rough"
        ),
        Measure(
            name="ratio of the error to that of independent rows",
            value=float(found.errors[-1] / naive),
            meaning="above 1 where rows of a cluster are alike in outcome and predictor",
        ),
    ]
    if alike is not None:
        meaning = "0 where rows of a cluster are no more alike than others, 1 where they are equal"
        measures.append(Measure(name="intraclass correlation of the residuals", value=alike, meaning=meaning))
    return (*measures, *matrix_measures(found.fit.matrix))


def caveats_of(
    found: ClusteredFit, df: float, p: float, beside: tuple[Term, ...], sample: Sample, context: Context
) -> tuple[str, ...]:
    """Sentences on few clusters, and on a bootstrap that disagrees."""
    said = []
    if df < FEWEST_DF:
        said.append("So few clusters inform the effect that p and the interval are only rough.")
    for term in beside:
        if term.p_value is not None and (term.p_value <= context.alpha) != (p <= context.alpha):
            verb = "is" if term.p_value <= context.alpha else "is not"
            said.append(
                f"By the wild cluster bootstrap, which stands among the terms, the effect {verb} significant at {context.alpha:g}."
            )
    return (*said, *matrix_caveats(found.fit.matrix, sample))


def preferred(case: Case) -> str | None:
    """Clusters and a numeric outcome, but for a count that begins at none: effects multiply it."""
    outcome = case.card.column(case.target.outcome)
    if case.target.cluster is None or outcome is None or not outcome.kind.numeric or case.expects == "no effect":
        return None
    if outcome.kind is Kind.COUNT and outcome.low == 0:
        return None
    return (
        f"rows with one value of {case.target.cluster} hang together, and these errors hold however they do, also with few "
        "clusters; a mixed model would have to know how"
    )


CLUSTER_ROBUST_REGRESSION = Method(
    name="cluster_robust_regression",
    title="Linear regression (cluster-robust, CR2)",
    summary="How does a numeric outcome change with the first predictor, where rows hang together in clusters?",
    estimand="slope of the outcome on the first predictor (or adjusted difference of its levels), others held constant",
    source="ordinary least squares; CR2 errors and Satterthwaite degrees of freedom of Bell and McCaffrey 2002, Survey Methodology "
    "28:169; joint tests: Tipton and Pustejovsky 2015, J Educ Behav Stat 40:604; wild cluster bootstrap: Cameron, Gelbach and "
    "Miller 2008, Rev Econ Stat 90:414",
    tasks=("affect", "associate", "compare"),
    needs=Needs(
        outcome=NUMERIC,
        predictor=NUMERIC | GROUPING,
        predictors=(1, None),
        sampling="clustered",
        covariates=NUMERIC | GROUPING,
        rows=10,
        clusters=LEAST_CLUSTERS,
        per_parameter="rows",
    ),
    run=cluster_robust_regression,
    draw=draw_regression,
    prefer=preferred,
    asked_for=r"\bcluster[- ]robust\b|\bclustered (?:standard )?errors\b|\bcr2\b|\bwild (?:cluster )?bootstrap\b",
    assumption="By rule, rows of one cluster may depend on each other in any way, and clusters are independent of each other.",
)

METHODS: tuple[Method, ...] = (CLUSTER_ROBUST_REGRESSION,)
