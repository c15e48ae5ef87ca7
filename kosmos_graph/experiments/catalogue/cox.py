"""Cox's regression of the hazard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Group, Measure, TestResult
from kosmos_graph.experiments.catalogue.charts import draw_terms, ratio_axis
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
from kosmos_graph.experiments.design_matrix import Block
from kosmos_graph.experiments.follow_up import FollowUp, follow_up_of, kaplan_meier_curve, numbered, survival_quantile
from kosmos_graph.experiments.method import Case, Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.partial_likelihood import (
    CoxFit,
    clustered_covariance,
    fit_cox,
    likelihood_ratio,
    proportionality,
)
from kosmos_graph.experiments.plain_text import axis_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW_EVENTS = 10.0
FEW_CLUSTERS = 40


def cox_fit(sample: Sample, design: Design) -> tuple[CoxFit, Wald, FollowUp]:
    """The fit, its hazard ratios, and the follow-up. Errors are robust where clusters are stated."""
    matrix, follow_up = model_of(sample, design), follow_up_of(sample, design)
    fit = fit_cox(matrix, follow_up, numbered(sample, design.target.stratum))
    covariance, df = fit.covariance, None
    if design.target.cluster is not None:
        clusters = numbered(sample, design.target.cluster)
        if int(clusters.max()) + 1 <= matrix.width + 1:
            raise NotApplicable(
                f"{design.target.cluster} makes {int(clusters.max()) + 1} clusters, too few for errors between them."
            )
        covariance, df = clustered_covariance(fit, clusters), float(clusters.max())
    found = standardised_wald(matrix, fit.coefficients, covariance, df, "hazard ratio", inverse=True)
    return fit, found, follow_up


def cox_regression(sample: Sample, design: Design, context: Context) -> TestResult:
    """Wald test of the focus's one coefficient; of several the likelihood-ratio test, or Wald's F where clusters are stated."""
    fit, found, follow_up = cox_fit(sample, design)
    groups = groups_of(found.focus, follow_up, sample)
    measures = measures_of(fit, follow_up)
    caveats = caveats_of(fit, follow_up, sample, design, context)
    if found.focus.width > 1:
        chi_square = likelihood_ratio(fit)
        width = float(found.focus.width)
        tested = joint(found) if found.df is not None else (chi_square, (width,), float(stats.chi2.sf(chi_square, width)))
        return joint_result(
            COX_REGRESSION,
            found,
            sample,
            design,
            context,
            name="partial R² of the events" if found.df is None else "partial ω²",
            n=follow_up.n_events if found.df is None else None,
            tested=tested,
            groups=groups,
            measures=measures,
            caveats=caveats,
        )
    name = f"{adjusted(found)}hazard ratio"
    return result_of(
        COX_REGRESSION,
        sample,
        design,
        statistic_name=found.statistic_name,
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


def survival_group(label: str, follow_up: FollowUp) -> Group:
    """Rows, events and median survival, which is None where more than half survive the follow-up."""
    median = survival_quantile(kaplan_meier_curve(follow_up), 0.5)
    return Group(
        label=label,
        n=follow_up.n,
        n_success=follow_up.n_events,
        median=median,
        low=float(follow_up.times.min()),
        high=float(follow_up.times.max()),
    )


def groups_of(focus: Block, follow_up: FollowUp, sample: Sample) -> tuple[Group, ...]:
    """Follow-up in each level of a categorical focus, the reference last; in all rows where the focus is numeric."""
    if not focus.levels:
        return (survival_group("all rows", follow_up),)
    own = sample.frame[focus.column].astype(object).to_numpy()
    return tuple(survival_group(level, follow_up.where(own == level)) for level in (*focus.levels, focus.reference or ""))


def share_of_tied_events(follow_up: FollowUp) -> float:
    """Share of events at whose time another one happened."""
    _, counts = np.unique(follow_up.times[follow_up.events], return_counts=True)
    return float(counts[counts > 1].sum() / follow_up.n_events)


def measures_of(fit: CoxFit, follow_up: FollowUp) -> tuple[Measure, ...]:
    """How many events there are, how they tie, and whether the hazards stay proportional."""
    found = [
        ("events", float(follow_up.n_events), "rows that ended with the event; the others are censored"),
        ("events per parameter", follow_up.n_events / fit.matrix.width, "below 10 estimates are biased"),
        ("share of tied events", share_of_tied_events(follow_up), "0 where all events have times of their own; ties by Efron"),
    ]
    checked = proportionality(fit)
    if checked is not None:
        if checked.correlation is not None:
            said = "of the focus's scaled Schoenfeld residuals with the rank of time; 0 for proportional hazards"
            found.append(("correlation with time", checked.correlation, said))
        found.append(("proportional hazards p", checked.p_value, "small where the focus's effect changes over time"))
    return tuple(Measure(name=name, value=value, meaning=meaning) for name, value, meaning in found) + matrix_measures(fit.matrix)


def proportionality_caveat(p: float | None, context: Context) -> tuple[str, ...]:
    """What a hazard ratio is where hazards are not proportional."""
    if p is None or p > context.alpha:
        return ()
    return (
        "The hazards do not look proportional: the ratio changes over time, and the one reported is an average that depends on how "
        "long rows were followed.",
    )


def caveats_of(fit: CoxFit, follow_up: FollowUp, sample: Sample, design: Design, context: Context) -> tuple[str, ...]:
    """Sentences on what makes the fit fragile."""
    said: list[str] = []
    if follow_up.n_events < FEW_EVENTS * fit.matrix.width:
        said.append("There are few events for so many coefficients, so hazard ratios are likely too extreme.")
    checked = proportionality(fit)
    said += proportionality_caveat(None if checked is None else checked.p_value, context)
    if design.target.cluster is not None and int(numbered(sample, design.target.cluster).max()) + 1 < FEW_CLUSTERS:
        said.append("There are fewer than forty clusters, so errors between them are only approximate.")
    return (*said, *matrix_caveats(fit.matrix, sample))


def draw_cox(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """Hazard ratios with their intervals, the focus at the top."""
    draw_terms(axes, result.terms, 1.0)
    ratio_axis(axes)
    events = next(int(measure.value) for measure in result.measures if measure.name == "events")
    axes.set_xlabel(f"hazard ratio, {events} events (above 1: shorter {axis_label(sample.card, design.target.outcome)})")
    headline(axes, result.effect)


def preferred(case: Case) -> str | None:
    """A censored duration against a number, or with other columns held constant."""
    first = case.card.column(case.target.predictors[0]) if case.target.predictors else None
    if case.target.event is None or first is None or case.expects == "estimate" or case.task == "estimate":
        return None
    if case.covariates or len(case.target.predictors) > 1 or not first.kind.categorical:
        return "durations that may be cut off before the event, with the other columns held constant, so hazards are compared"
    return None


COX_REGRESSION = Method(
    name="cox_regression",
    title="Cox regression",
    summary="By what factor does the hazard of an event change with the first predictor, with all others held constant?",
    estimand="hazard ratio per unit of the first predictor or between its levels; above 1 the event comes sooner",
    source="Cox 1972, J R Stat Soc B 34:187; ties by Efron 1977, JASA 72:557; check of proportional hazards by Grambsch and "
    "Therneau 1994, Biometrika 81:515; clusters by Lin and Wei 1989, JASA 84:1074; partial R²: O'Quigley, Xu and Stare 2005, "
    "Stat Med 24:479",
    tasks=("affect", "associate", "compare"),
    needs=Needs(
        outcome=NUMERIC,
        predictor=NUMERIC | GROUPING,
        predictors=(1, None),
        covariates=NUMERIC | GROUPING,
        event=True,
        takes=frozenset({"cluster", "stratum"}),
        rows=10,
        per_parameter="events",
    ),
    run=cox_regression,
    draw=draw_cox,
    prefer=preferred,
    asked_for=r"\bcox\b|\bhazard ratios?\b|\bproportional hazards\b",
    assumption="By rule, a duration cut off before its event counts as longer than that, and hazards are compared by ratio.",
)

METHODS: tuple[Method, ...] = (COX_REGRESSION,)
