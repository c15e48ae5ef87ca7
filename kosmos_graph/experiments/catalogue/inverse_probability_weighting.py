"""Comparison of two groups weighted by the inverse of each row's probability of its group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Measure, Term, TestResult
from kosmos_graph.experiments.catalogue.propensity import (
    NEEDS,
    Scored,
    balance_caveat,
    balance_terms,
    confounding_caveat,
    draw_balance,
    groups_of,
    in_deviations,
    raw_difference,
    scored,
    standardised_differences,
)
from kosmos_graph.experiments.catalogue.result import result_of, unit_of
from kosmos_graph.experiments.catalogue.tails import p_value, positive_error, t_interval
from kosmos_graph.experiments.design_matrix import FloatArray
from kosmos_graph.experiments.maximum_likelihood import information_at
from kosmos_graph.experiments.method import Context, Method, Sample
from kosmos_graph.experiments.power import minimum_detectable
from kosmos_graph.experiments.tost import two_one_sided_tests

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HOW = "weighting"
EXTREME = 10.0
"""Weight, in means of its group's weights, from which a single row counts as too heavy."""
FEW_LEFT = 0.5
"""Share of a group's rows that its weights leave as effective, below which there is a caveat."""


@dataclass(frozen=True)
class Weighted:
    """Weighted means of A and B, each with what every row adds to its error (the influence function, the score estimated)."""

    means: tuple[float, float]
    influence: FloatArray
    weights: FloatArray
    df: float

    @property
    def difference(self) -> float:
        """A less B."""
        return self.means[0] - self.means[1]

    def error(self, combination: tuple[float, float]) -> float:
        """Standard error of a combination of both means."""
        n = self.influence.shape[0]
        return float(np.linalg.norm(self.influence @ np.array(combination)) / n)


def weighted(found: Scored) -> Weighted:
    """Means weighted by 1/score in A and 1/(1 − score) in B, normalised within groups (Hájek); stabilising the weights by the
    groups' shares changes nothing then.

    Errors are those of the stacked estimating equations of score and means (Lunceford and Davidian 2004, Stat Med 23:2937), with
    each row's part divided by 1 less its leverage, as if it were left out: without that, 11 % of intervals at 95 % missed for 60
    rows.
    """
    n, columns = found.n, found.fit.columns
    p, treated = found.scores, found.of_a.astype(np.float64)
    info = information_at(columns, found.fit.coefficients) / n
    leverage = p * (1 - p) * np.sum(columns * np.linalg.solve(info * n, columns.T).T, axis=1)
    scores = columns * ((treated - p) / (1 - leverage))[:, np.newaxis]
    base = float(found.outcome[0])
    y = found.outcome - base
    means, parts = [], []
    weights = np.where(found.of_a, 1 / p, 1 / (1 - p))
    for rows, sign in ((treated, -1.0), (1 - treated, 1.0)):
        own = rows * weights
        mean = float(own @ y) / float(own.sum())
        distance = own * (y - mean) / float(np.mean(own))
        deleted = distance / (1 - own / float(own.sum()))
        gradient = sign * np.mean((distance * (1 - 1 / weights))[:, np.newaxis] * columns, axis=0)
        means.append(mean + base)
        parts.append(deleted + scores @ np.linalg.solve(info, gradient))
    influence = np.column_stack(parts)
    return Weighted((means[0], means[1]), influence, weights, degrees_of_freedom(influence, found, weights))


def degrees_of_freedom(influence: FloatArray, found: Scored, weights: FloatArray) -> float:
    """Satterthwaite's degrees of freedom, each group's rows counted as what their weights make them worth."""
    combined = influence @ np.array([1.0, -1.0])
    total, slack = 0.0, 0.0
    for rows in (found.of_a, ~found.of_a):
        part = float(combined[rows] @ combined[rows])
        total += part
        slack += part**2 / max(1.0, effective(weights[rows]) - 1)
    return max(1.0, total**2 / slack) if slack > 0 else 1.0


def inverse_probability_weighting(sample: Sample, design: Design, context: Context) -> TestResult:
    """The average difference if all rows were of A rather than of B."""
    found = scored(sample, design)
    means = weighted(found)
    scale = float(np.max(np.abs(found.outcome)))
    error = positive_error(means.error((1.0, -1.0)), scale, design.target.outcome)
    statistic = means.difference / error
    low, high = t_interval(means.difference, error, means.df, design.alternative, context.level)
    effect = Effect(
        name="weighted difference of proportions" if found.counted else "weighted difference of means",
        label=f"{found.labels[0]} − {found.labels[1]}",
        value=means.difference,
        low=low,
        high=high,
        level=context.level,
        unit=unit_of(sample, design),
    )
    before = standardised_differences(found, np.ones(found.n))
    after = standardised_differences(found, means.weights)
    return result_of(
        INVERSE_PROBABILITY_WEIGHTING,
        sample,
        design,
        statistic_name="t",
        statistic=statistic,
        df=(means.df,),
        p_value=p_value(statistic, means.df, design.alternative),
        effect=effect,
        standardised=in_deviations(effect, found),
        groups=groups_of(found),
        measures=measures_of(found, means, before, after),
        equivalence=two_one_sided_tests(means.difference, error, means.df, context.delta, context.alpha),
        terms=(*mean_terms(found, means, context.level), *balance_terms(found, before, after, HOW)),
        minimum_detectable=minimum_detectable(error, means.df, context.alpha, design.alternative),
        caveats=(confounding_caveat(design), *balance_caveat(found, after, HOW), *weight_caveats(found, means)),
    )


def mean_terms(found: Scored, means: Weighted, level: float) -> tuple[Term, ...]:
    """Both weighted means with their intervals, and the difference without weights."""
    what = "proportion" if found.counted else "mean"
    terms = []
    for place, (label, mean) in enumerate(zip(found.labels, means.means, strict=True)):
        error = means.error((1.0 - place, float(place)))
        low, high = t_interval(mean, error, means.df, "two-sided", level)
        rows = found.of_a if place == 0 else ~found.of_a
        terms.append(Term(name=f"weighted {what} of {label}", estimate=mean, low=low, high=high, n=int(rows.sum())))
    return (*terms, Term(name=f"difference of {what}s without weights", estimate=raw_difference(found), n=found.n))


def effective(weights: FloatArray) -> float:
    """Rows that weights are worth (Kish)."""
    return float(weights.sum() ** 2 / (weights @ weights))


def heaviest(found: Scored, weights: FloatArray) -> float:
    """The largest weight, in means of its group's."""
    return max(float(weights[rows].max() / weights[rows].mean()) for rows in (found.of_a, ~found.of_a))


def measures_of(found: Scored, means: Weighted, before: tuple[float, ...], after: tuple[float, ...]) -> tuple[Measure, ...]:
    """Balance, weights and overlap."""
    named = [
        ("largest standardised difference before weighting", max(map(abs, before)), "of a covariate, in standard deviations"),
        ("largest standardised difference after weighting", max(map(abs, after)), "below 0.1 counts as balanced"),
    ]
    for label, rows in zip(found.labels, (found.of_a, ~found.of_a), strict=True):
        own = means.weights[rows]
        named.append((f"effective rows of {label}", effective(own), f"what its {own.size} rows are worth under the weights"))
    named += [
        ("largest weight", heaviest(found, means.weights), "in means of its group's weights"),
        ("smallest propensity score", float(found.scores.min()), f"estimated probability of {found.labels[0]}"),
        ("largest propensity score", float(found.scores.max()), f"estimated probability of {found.labels[0]}"),
    ]
    return tuple(Measure(name=name, value=value, meaning=meaning) for name, value, meaning in named)


def weight_caveats(found: Scored, means: Weighted) -> tuple[str, ...]:
    """Where few rows carry the result."""
    said = []
    if heaviest(found, means.weights) > EXTREME:
        said.append("A single row has more than ten times the weight of an average one, so the result leans on few rows.")
    for label, rows in zip(found.labels, (found.of_a, ~found.of_a), strict=True):
        own = means.weights[rows]
        if effective(own) < FEW_LEFT * own.size:
            said.append(
                f"The weights leave {label} with {effective(own):.0f} effective rows of {own.size}: the groups overlap little."
            )
    return tuple(said)


def draw_weighting(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The balance of the covariates before and after weighting."""
    draw_balance(axes, scored(sample, design), result, HOW)


INVERSE_PROBABILITY_WEIGHTING = Method(
    name="inverse_probability_weighting",
    title="Inverse-probability weighting",
    summary="How would an outcome differ if every row were in one group rather than the other, given the covariates?",
    estimand="average difference of the outcome over all rows, A − B, if the groups had been assigned by the covariates alone",
    source="logistic propensity score, normalised weights; errors that allow for the estimated score of Lunceford and Davidian "
    "2004, Stat Med 23:2937, deleted by leverage",
    tasks=("compare", "affect"),
    needs=NEEDS,
    run=inverse_probability_weighting,
    draw=draw_weighting,
    asked_for=r"inverse[- ]probability|\biptw?\b|\bipw\b|propensity[- ](score )?weight",
    assumption="By rule, groups are weighted by the inverse of their propensity scores, and what is not among the covariates is "
    "not adjusted for.",
)

METHODS: tuple[Method, ...] = (INVERSE_PROBABILITY_WEIGHTING,)
