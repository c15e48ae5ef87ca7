"""Two independent groups compared by reshuffling their labels or by drawing from them anew."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Equivalence, TestResult
from kosmos_graph.experiments.catalogue.bootstrap import RESAMPLES, Bca, bca, means_left_out, quantiles_left_out
from kosmos_graph.experiments.catalogue.describe import describe, skewness_measures, spread_ratio
from kosmos_graph.experiments.catalogue.group_plots import draw_groups
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.location import welch_location
from kosmos_graph.experiments.catalogue.means import difference_label, location_effect, standardised_difference
from kosmos_graph.experiments.catalogue.observed import Arm, FloatArray, two_groups
from kosmos_graph.experiments.catalogue.result import result_of, unit_of
from kosmos_graph.experiments.method import Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.power import minimum_detectable
from kosmos_graph.experiments.tost import two_one_sided_tests

MOST_ROWS = 20_000
"""Rows up to which resampling is worth its time; beyond, the resampling distribution is normal."""
BATCH = 2_000_000


def _require_few(a: Arm, b: Arm) -> None:
    if a.n + b.n > MOST_ROWS:
        raise NotApplicable(f"With more than {MOST_ROWS:,} rows resampling adds nothing to Welch's t test; use that.")


def _mean_difference(a: FloatArray, b: FloatArray, axis: int) -> FloatArray:
    return np.asarray(np.mean(a, axis=axis) - np.mean(b, axis=axis), dtype=np.float64)


def permutation_p(a: Arm, b: Arm, design: Design, seed: int) -> tuple[float, int]:
    """p of the difference of means, and how many relabellings it rests on.

    All of them where there are at most 9,999, else 9,999 drawn ones with (b + 1)/(m + 1); two-sided p is twice the smaller tail.
    """
    origin = b.values[0]
    test = stats.permutation_test(
        (a.values - origin, b.values - origin),
        _mean_difference,
        permutation_type="independent",
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(1, BATCH // (a.n + b.n)),
        alternative=design.alternative,
        rng=np.random.default_rng(seed),
    )
    return float(test.pvalue), int(test.null_distribution.size)


def permutation_test(sample: Sample, design: Design, context: Context) -> TestResult:
    """Difference of means A − B with a permutation p; the interval is Welch's."""
    a, b = two_groups(sample, design, least=2)
    _require_few(a, b)
    found = welch_location(a, b)
    p, relabellings = permutation_p(a, b, design, context.seed)
    how = "all" if math.comb(a.n + b.n, a.n) <= RESAMPLES else "random"
    return result_of(
        PERMUTATION_TEST,
        sample,
        design,
        statistic_name="difference of means",
        statistic=found.value,
        p_value=p,
        effect=location_effect("difference of means", difference_label(a, b), found, sample, design, context),
        standardised=standardised_difference(a, b, found, design, context),
        groups=(describe(a), describe(b)),
        measures=skewness_measures((a, b)) + spread_ratio((a, b)),
        equivalence=two_one_sided_tests(found.value, found.standard_error, found.df, context.delta, context.alpha),
        minimum_detectable=minimum_detectable(found.standard_error, found.df, context.alpha, design.alternative),
        caveats=(
            f"p rests on {relabellings:,} relabellings ({how}), and its null is that both groups have one distribution; "
            "the interval is Welch's.",
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
    return name, float(np.quantile(a.values, probability) - np.quantile(b.values, probability))


def _equivalence(boot: Bca, context: Context) -> Equivalence | None:
    """Two one-sided bootstrap tests against ±δ."""
    if context.delta is None or context.delta <= 0:
        return None
    low, high = boot.ends("two-sided", 1 - 2 * context.alpha)
    if low is None or high is None:
        return None
    p_value = max(boot.p_value(-context.delta, "greater"), boot.p_value(context.delta, "less"))
    return Equivalence(delta=context.delta, p_value=p_value, low=low, high=high)


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
        ),
    )


PERMUTATION_TEST = Method(
    name="permutation_test",
    title="Permutation test of a difference of means",
    summary="Difference of the means of a numeric outcome between two groups, p by reshuffling the group labels.",
    estimand="difference of the group means",
    source="Pitman 1937, Suppl JRSS 4:119; Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9:39; scipy.stats.permutation_test",
    tasks=("compare",),
    needs=Needs(outcome=NUMERIC, predictor=GROUPING, predictors=(1, 1), groups=(2, 2), rows=6, per_group=3),
    run=permutation_test,
    draw=draw_groups,
    sensitivity=("welch_t", "mann_whitney"),
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
)

METHODS = (PERMUTATION_TEST, BOOTSTRAP_INTERVAL)
