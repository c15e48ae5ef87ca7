"""Two independent groups compared by reshuffling their labels or by drawing from them anew."""

from __future__ import annotations

import numpy as np

from kosmos_graph.data.decimals import difference
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Equivalence, TestResult
from kosmos_graph.experiments.catalogue.bootstrap import RESAMPLES, Bca, bca, means_left_out, quantiles_left_out
from kosmos_graph.experiments.catalogue.describe import describe, skewness_caveats, skewness_measures, spread_ratio
from kosmos_graph.experiments.catalogue.group_plots import draw_groups
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.location import Location, welch_location
from kosmos_graph.experiments.catalogue.means import difference_label, location_effect, standardised_difference
from kosmos_graph.experiments.catalogue.observed import Arm, FloatArray, two_groups
from kosmos_graph.experiments.catalogue.relabelling import TIED, Reference, first_by_size, relabelled
from kosmos_graph.experiments.catalogue.result import result_of, unit_of
from kosmos_graph.experiments.catalogue.tails import Ends, tail_areas
from kosmos_graph.experiments.method import Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.power import minimum_detectable
from kosmos_graph.experiments.tost import two_one_sided_tests

MOST_ROWS = 20_000
"""Rows up to which resampling is worth its time; beyond, the resampling distribution is normal."""
FEW_FOR_BOOTSTRAP = 20
"""Rows of a group beyond a quantile (half of them for a mean) from which bootstrap intervals are about as long as they say."""
CONSTANT = 1e-13
"""Variance, relative to the largest deviation's square, that counts as none."""


def _require_few(a: Arm, b: Arm) -> None:
    if a.n + b.n > MOST_ROWS:
        raise NotApplicable(f"With more than {MOST_ROWS:,} rows resampling adds nothing to Welch's t test; use that.")


def permutation_reference(a: FloatArray, b: FloatArray, df: float, seed: int) -> Reference:
    """Welch's t over relabellings (Janssen 1997, Stat Probab Lett 36:9): exact where both groups have one distribution, and right
    for more rows where means are equal and spreads are not.
    """
    if not first_by_size(a, b):
        return permutation_reference(b, a, df, seed).mirrored()
    pooled = np.concatenate([a, b])
    pooled = pooled - pooled.mean()
    pooled = np.sort(pooled / np.max(np.abs(pooled)))

    def statistic(labels: FloatArray) -> FloatArray:
        return welch_statistics(labels, pooled)

    return Reference(df, *relabelled(a.size, pooled.size, statistic, seed))


def welch_statistics(labels: FloatArray, values: FloatArray) -> FloatArray:
    """Welch's t of each row of labels, infinite where both groups are constant and differ."""
    m = float(labels[0].sum())
    n = values.size - m
    sums, squares = labels @ values, labels @ values**2
    others, other_squares = values.sum() - sums, (values**2).sum() - squares
    variance = (squares - sums**2 / m) / ((m - 1) * m) + (other_squares - others**2 / n) / ((n - 1) * n)
    difference = sums / m - others / n
    constant = variance <= CONSTANT
    t = difference / np.sqrt(np.where(constant, 1.0, variance))
    apart = constant & (np.abs(difference) > CONSTANT)
    return np.asarray(np.where(apart, np.copysign(np.inf, difference), t), dtype=np.float64)


def permutation_ends(found: Location, reference: Reference, p: float, design: Design, level: float) -> Ends:
    """The interval that leaves out 0 where p is at most 1 − `level`."""
    below, above = tail_areas(design.alternative, level)
    t = found.value / found.standard_error
    low = None if below is None else found.value - reference.critical(below, t) * found.standard_error
    high = None if above is None else found.value + reference.mirrored().critical(above, -t) * found.standard_error
    if p <= (1 - level) * (1 + TIED):
        return low, high
    return None if low is None else min(low, 0.0), None if high is None else max(high, 0.0)


def permutation_test(sample: Sample, design: Design, context: Context) -> TestResult:
    """Difference of means A − B; p and interval by relabelling Welch's t."""
    a, b = two_groups(sample, design, least=2)
    _require_few(a, b)
    found = welch_location(a, b)
    reference = permutation_reference(a.values, b.values, found.df, context.seed)
    p = reference.p_value(found.value / found.standard_error, design.alternative)
    low, high = permutation_ends(found, reference, p, design, context.level)
    effect = location_effect("difference of means", difference_label(a, b), found, sample, design, context)
    measures = skewness_measures((a, b)) + spread_ratio((a, b))
    return result_of(
        PERMUTATION_TEST,
        sample,
        design,
        statistic_name="t",
        statistic=found.value / found.standard_error,
        p_value=p,
        effect=effect.model_copy(update={"low": low, "high": high}),
        standardised=standardised_difference(a, b, found, design, context),
        groups=(describe(a), describe(b)),
        measures=measures,
        equivalence=two_one_sided_tests(found.value, found.standard_error, found.df, context.delta, context.alpha),
        minimum_detectable=minimum_detectable(found.standard_error, found.df, context.alpha, design.alternative),
        caveats=(
            f"p and the interval rest on {reference.basis} of Welch's t.",
            *skewness_caveats(measures, min(a.n, b.n)),
        ),
    )


def _quantile_asked_for(design: Design) -> float | None:
    """Probability of the quantile that the target names, None for the mean."""
    if design.target.quantity != "quantile":
        return None
    probability = 0.5 if design.target.quantile is None else design.target.quantile
    if not 0 < probability < 1:
        raise NotApplicable("A quantile lies strictly between 0 and 1.")
    return probability


def _bootstrap(a: Arm, b: Arm, probability: float | None, seed: int) -> Bca:
    x, y = a.values, b.values
    if probability is None:
        return bca(x, y, lambda rows: rows.mean(axis=1), (means_left_out(x), means_left_out(y)), seed)
    left_out = quantiles_left_out(x, probability), quantiles_left_out(y, probability)
    return bca(x, y, lambda rows: np.quantile(rows, probability, axis=1), left_out, seed)


def _difference(a: Arm, b: Arm, probability: float | None) -> tuple[str, float]:
    if probability is None:
        return "difference of means", welch_location(a, b).value
    name = "difference of medians" if probability == 0.5 else f"difference of {100 * probability:g} % quantiles"
    return name, float(difference(np.quantile(a.values, probability), np.quantile(b.values, probability)))


def _equivalence(boot: Bca, context: Context) -> Equivalence | None:
    """Two one-sided bootstrap tests against ±δ."""
    if context.delta is None or context.delta <= 0:
        return None
    low, high = boot.ends("two-sided", 1 - 2 * context.alpha)
    if low is None or high is None:
        return None
    p_value = max(boot.p_value(-context.delta, "greater"), boot.p_value(context.delta, "less"))
    return Equivalence(delta=context.delta, p_value=p_value, low=low, high=high)


def few_for_bootstrap(smallest: int, probability: float | None) -> tuple[str, ...]:
    """That BCa intervals are too short in few rows: those of means miss 9 % at 95 % in groups of ten, and 11 % where skewed."""
    tail = 0.5 if probability is None else min(probability, 1 - probability)
    if smallest * tail >= FEW_FOR_BOOTSTRAP or probability == 0.5:
        return ()
    return ("Bootstrap intervals of so few rows are too short: about one in ten misses at 95 %.",)


def bootstrap_interval(sample: Sample, design: Design, context: Context) -> TestResult:
    """Difference of means (or of the target's quantile) A − B with its BCa interval; p by inverting the interval."""
    a, b = two_groups(sample, design, least=2)
    _require_few(a, b)
    found = welch_location(a, b)
    probability = _quantile_asked_for(design)
    boot = _bootstrap(a, b, probability, context.seed)
    name, value = _difference(a, b, probability)
    low, high = boot.ends(design.alternative, context.level)
    effect = Effect(
        name=name, label=difference_label(a, b), value=value, low=low, high=high, level=context.level, unit=unit_of(sample, design)
    )
    error = float(np.std(boot.sorted, ddof=1))
    return result_of(
        BOOTSTRAP_INTERVAL,
        sample,
        design,
        statistic_name=name,
        statistic=value,
        p_value=boot.p_value(0.0, design.alternative),
        effect=effect,
        standardised=standardised_difference(a, b, found, design, context) if probability is None else None,
        groups=(describe(a), describe(b)),
        measures=skewness_measures((a, b)) + spread_ratio((a, b)),
        equivalence=_equivalence(boot, context),
        minimum_detectable=minimum_detectable(error, None, context.alpha, design.alternative),
        caveats=(
            f"The interval and p rest on {RESAMPLES:,} bootstrap samples; p is the level at which the interval reaches zero.",
            *few_for_bootstrap(min(a.n, b.n), probability),
        ),
    )


PERMUTATION_TEST = Method(
    name="permutation_test",
    title="Permutation test of a difference of means",
    summary="Difference of the means of a numeric outcome between two groups, by reshuffling the group labels; spreads may differ.",
    estimand="difference of the group means",
    source="Welch's t over relabellings: Janssen 1997, Stat Probab Lett 36:9, which for a small group of wide spread beside a "
    "large one still rejects 9 % at 5 %; Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9:39",
    tasks=("compare",),
    needs=Needs(outcome=NUMERIC, predictor=GROUPING, predictors=(1, 1), groups=(2, 2), rows=6, per_group=3),
    run=permutation_test,
    draw=draw_groups,
    sensitivity=("welch_t", "mann_whitney"),
    asked_for=r"\bpermutation",
)

BOOTSTRAP_INTERVAL = Method(
    name="bootstrap_interval",
    title="Bootstrap interval of a difference",
    summary="Difference of the means (or of a quantile) of a numeric outcome between two groups with a BCa bootstrap interval.",
    estimand="difference of the group means, or of the group quantiles where a quantile is asked for",
    source="Efron 1987, JASA 82:171; p by inverting the interval, Efron and Tibshirani 1993, chapter 15",
    tasks=("compare",),
    needs=Needs(outcome=NUMERIC, predictor=GROUPING, predictors=(1, 1), groups=(2, 2), rows=20, per_group=10),
    run=bootstrap_interval,
    draw=draw_groups,
    sensitivity=("welch_t", "mann_whitney"),
    asked_for=r"\bbootstrap",
)

METHODS = (PERMUTATION_TEST, BOOTSTRAP_INTERVAL)
