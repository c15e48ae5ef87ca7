"""Comparison of one group with the most similar rows of another, found by their propensity scores."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

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
from kosmos_graph.experiments.method import Context, Method, NotApplicable, Sample
from kosmos_graph.experiments.power import minimum_detectable
from kosmos_graph.experiments.tost import two_one_sided_tests

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HOW = "matching"
CALIPER = 0.2
"""Farthest match, in standard deviations of the score's logit (Austin 2011, Pharm Stat 10:150)."""
DIGITS = 10
"""Decimals of the logit up to which scores count as equal."""
NEIGHBOURS = 2
"""Rows of the same group by which the spread at a score is judged."""
LEAST_MATCHED = 10
MANY_DROPPED = 0.1


@dataclass(frozen=True)
class Matched:
    """Rows of A with a match (`kept`, among the rows of A), and the mean outcome of each one's match in B (`opposite`).

    `uses` is how often each row of B stands as a match, `squares` the sum of the squared shares of it: of several rows of B that
    are equally near, each has its share.
    """

    kept: npt.NDArray[np.bool_]
    opposite: FloatArray
    uses: FloatArray
    squares: FloatArray


def match(logits_a: FloatArray, logits_b: FloatArray, outcome_b: FloatArray, caliper: float) -> Matched:
    """Match each row of A with the nearest row of B, with replacement; equally near ones share the place."""
    points, place, counts = np.unique(logits_b, return_inverse=True, return_counts=True)
    sums = np.bincount(place, weights=outcome_b, minlength=points.size)
    right = np.clip(np.searchsorted(points, logits_a), 0, points.size - 1)
    left = np.clip(right - 1, 0, points.size - 1)
    far_left, far_right = np.abs(logits_a - points[left]), np.abs(points[right] - logits_a)
    nearest = np.minimum(far_left, far_right)
    tolerance = 10.0**-DIGITS
    kept = nearest <= caliper + tolerance
    takes_left = far_left <= nearest + tolerance
    takes_right = (far_right <= nearest + tolerance) & (right != left)
    n = takes_left * counts[left] + takes_right * counts[right]
    opposite = (takes_left * sums[left] + takes_right * sums[right]) / n
    shares = np.where(kept, 1.0 / n, 0.0)
    used, squared = np.zeros(points.size), np.zeros(points.size)
    for takes, side in ((takes_left, left), (takes_right, right)):
        used += np.bincount(side, weights=takes * shares, minlength=points.size)
        squared += np.bincount(side, weights=takes * shares**2, minlength=points.size)
    return Matched(kept, opposite, used[place], squared[place])


def local_variance(logits: FloatArray, outcome: FloatArray) -> FloatArray:
    """Variance of the outcome at each row's score, from the two other rows nearest, and all as near: J/(J + 1)·(y − mean of J)²."""
    order = np.argsort(logits, kind="stable")
    places, values = logits[order], outcome[order]
    n = places.size
    distances = np.full((n, 2 * NEIGHBOURS), np.inf)
    for step in range(1, NEIGHBOURS + 1):
        gaps = places[step:] - places[:-step]
        distances[step:, 2 * step - 2] = gaps
        distances[:-step, 2 * step - 1] = gaps
    reach = np.sort(distances, axis=1)[:, NEIGHBOURS - 1] + 10.0**-DIGITS
    low = np.searchsorted(places, places - reach, side="left")
    high = np.searchsorted(places, places + reach, side="right")
    total = np.concatenate([[0.0], np.cumsum(values)])
    others = high - low - 1
    means = (total[high] - total[low] - values) / others
    found = np.empty(n)
    found[order] = others / (others + 1) * (values - means) ** 2
    return found


@dataclass(frozen=True)
class Effects:
    """The mean difference over the matched rows of A, its error, and the weights that matching gives all rows."""

    value: float
    error: float
    means: tuple[float, float]
    n: int
    dropped: int
    used: int
    most_used: float
    weights: FloatArray
    caliper: float


def effect_on_matched(found: Scored) -> Effects:
    """Mean difference within matches, and its error by Abadie and Imbens 2006, Econometrica 74:235, for an effect on A alone."""
    logits = np.round(found.fit.log_odds, DIGITS)
    caliper = CALIPER * float(np.std(logits, ddof=1))
    base = float(found.outcome[0])
    a, b = found.outcome[found.of_a] - base, found.outcome[~found.of_a] - base
    pairs = match(logits[found.of_a], logits[~found.of_a], b, caliper)
    n = int(pairs.kept.sum())
    if n < LEAST_MATCHED:
        raise NotApplicable(
            f"{n} rows of {found.labels[0]} have a match within the caliper; at least {LEAST_MATCHED} are needed: the groups "
            "hardly overlap."
        )
    differences = (a - pairs.opposite)[pairs.kept]
    value = float(differences.mean())
    reused = (pairs.uses**2 - pairs.squares) * local_variance(logits[~found.of_a], b)
    error = math.sqrt(float(np.sum((differences - value) ** 2)) + float(np.sum(reused))) / n
    weights = np.zeros(found.n)
    weights[found.of_a], weights[~found.of_a] = pairs.kept.astype(np.float64), pairs.uses
    return Effects(
        value=value,
        error=error,
        means=(float(a[pairs.kept].mean()) + base, float(pairs.opposite[pairs.kept].mean()) + base),
        n=n,
        dropped=int(pairs.kept.size - n),
        used=int(np.count_nonzero(pairs.uses)),
        most_used=float(pairs.uses.max()),
        weights=weights,
        caliper=caliper,
    )


def propensity_matching(sample: Sample, design: Design, context: Context) -> TestResult:
    """The mean difference between rows of A and the rows of B that are most like them."""
    found = scored(sample, design)
    matched = effect_on_matched(found)
    error = positive_error(matched.error, float(np.max(np.abs(found.outcome))), design.target.outcome)
    df = float(matched.n - 1)
    statistic = matched.value / error
    low, high = t_interval(matched.value, error, df, design.alternative, context.level)
    effect = Effect(
        name="matched difference of proportions" if found.counted else "matched difference of means",
        label=f"{found.labels[0]} − {found.labels[1]}",
        value=matched.value,
        low=low,
        high=high,
        level=context.level,
        unit=unit_of(sample, design),
    )
    before, after = standardised_differences(found, np.ones(found.n)), standardised_differences(found, matched.weights)
    return result_of(
        PROPENSITY_MATCHING,
        sample,
        design,
        statistic_name="t",
        statistic=statistic,
        df=(df,),
        p_value=p_value(statistic, df, design.alternative),
        effect=effect,
        standardised=in_deviations(effect, found),
        groups=groups_of(found),
        measures=measures_of(found, matched, before, after),
        equivalence=two_one_sided_tests(matched.value, error, df, context.delta, context.alpha),
        terms=(*mean_terms(found, matched), *balance_terms(found, before, after, HOW)),
        minimum_detectable=minimum_detectable(error, df, context.alpha, design.alternative),
        caveats=(confounding_caveat(design), *balance_caveat(found, after, HOW), *caveats_of(found, matched)),
    )


def mean_terms(found: Scored, matched: Effects) -> tuple[Term, ...]:
    """Means of the matched rows, and the difference without matching."""
    what = "proportion" if found.counted else "mean"
    a, b = found.labels
    return (
        Term(name=f"{what} of matched {a}", estimate=matched.means[0], n=matched.n),
        Term(name=f"{what} of their matches in {b}", estimate=matched.means[1], n=matched.used),
        Term(name=f"difference of {what}s without matching", estimate=raw_difference(found), n=found.n),
    )


def measures_of(found: Scored, matched: Effects, before: tuple[float, ...], after: tuple[float, ...]) -> tuple[Measure, ...]:
    """Balance, and how many rows matching uses."""
    a, b = found.labels
    named = (
        ("largest standardised difference before matching", max(map(abs, before)), "of a covariate, in standard deviations"),
        ("largest standardised difference after matching", max(map(abs, after)), "below 0.1 counts as balanced"),
        (f"rows of {a} with a match", float(matched.n), "the effect is about these"),
        (f"rows of {a} without a match", float(matched.dropped), f"no row of {b} is within the caliper"),
        (f"rows of {b} used", float(matched.used), f"of {int((~found.of_a).sum())}; a row may be the match of several"),
        (f"most uses of one row of {b}", matched.most_used, "large where few rows are like those of the other group"),
        ("caliper", matched.caliper, f"farthest match: {CALIPER:g} standard deviations of the score's logit"),
    )
    return tuple(Measure(name=name, value=value, meaning=meaning) for name, value, meaning in named)


def caveats_of(found: Scored, matched: Effects) -> tuple[str, ...]:
    """What the matches leave out."""
    a, b = found.labels
    said = [f"The effect is an average over rows of {a} that have a match; rows of {b} that are like none of them do not count."]
    if matched.dropped > MANY_DROPPED * (matched.n + matched.dropped):
        said.append(f"{matched.dropped} of {matched.n + matched.dropped} rows of {a} have no match, so nothing is said of them.")
    return tuple(said)


def draw_matching(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The balance of the covariates before and after matching."""
    draw_balance(axes, scored(sample, design), result, HOW)


PROPENSITY_MATCHING = Method(
    name="propensity_matching",
    title="Propensity-score matching",
    summary="How does an outcome differ between rows of one group and the most similar rows of another?",
    estimand="average difference of the outcome, A − B, over rows of A that have a similar row in B",
    source="nearest neighbour on the logit of a logistic score, with replacement, caliper 0.2 standard deviations; errors of "
    "Abadie and Imbens 2006, Econometrica 74:235",
    tasks=("compare", "affect"),
    needs=NEEDS,
    run=propensity_matching,
    draw=draw_matching,
    asked_for=r"propensity|matched (controls?|comparison)|matching (on|by|estimat)|nearest[- ]neighbou?r",
    assumption="By rule, rows of the first group are matched with the most similar ones of the other by a propensity score, and "
    "what is not among the covariates is not adjusted for.",
)

METHODS: tuple[Method, ...] = (PROPENSITY_MATCHING,)
