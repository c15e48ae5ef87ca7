"""Rank methods for one sample, for pairs and for two independent groups."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy import stats

from kosmos_graph.data.decimals import difference
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Measure, Term, TestResult
from kosmos_graph.experiments.catalogue.describe import describe, share_of_ties, skewness_measures
from kosmos_graph.experiments.catalogue.estimate_plots import draw_distribution
from kosmos_graph.experiments.catalogue.group_plots import draw_groups, draw_pairs
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC, RANKED
from kosmos_graph.experiments.catalogue.means import difference_label, differences, reference_of
from kosmos_graph.experiments.catalogue.observed import Arm, FloatArray, one_sample, pairs, two_groups
from kosmos_graph.experiments.catalogue.order_statistics import interval_ends, middle, pairwise_differences, rank_sum_distribution
from kosmos_graph.experiments.catalogue.relabelling import Reference
from kosmos_graph.experiments.catalogue.result import result_of, unit_of
from kosmos_graph.experiments.catalogue.signed_rank import PseudoMedian, signed_rank, within
from kosmos_graph.experiments.catalogue.stochastic import (
    Superiority,
    least_p,
    null_error,
    reference_for,
    superiority,
    superiority_ends,
    superiority_p,
)
from kosmos_graph.experiments.catalogue.tails import Ends, tail_areas
from kosmos_graph.experiments.method import Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.power import minimum_detectable, quantile

EXACT_UP_TO = 25
"""Group size up to which the interval of a shift uses the exact distribution of the rank sum."""


def _share_of_zeros(values: FloatArray) -> Measure:
    meaning = "values at the null are left out of the test, as Wilcoxon did; the pseudo-median keeps them"
    return Measure(name="share of zero differences", value=float(np.mean(values == 0)), meaning=meaning)


def _error_of(ends: Ends, level: float) -> float:
    """Standard error that a two-sided interval implies for an estimate that is about normal; 0 where it has no ends."""
    if ends[0] is None or ends[1] is None:
        return 0.0
    return (ends[1] - ends[0]) / (2 * quantile((1 + level) / 2, None))


def _signed_rank_result(
    method: Method,
    sample: Sample,
    design: Design,
    context: Context,
    distances: FloatArray,
    *,
    null: float,
    name: str,
    label: str,
    arms: tuple[Arm, ...],
) -> TestResult:
    test = signed_rank(distances, design.alternative)
    centre = PseudoMedian(distances)
    low, high = centre.ends(design.alternative, context.level)
    effect = Effect(
        name=name,
        label=label,
        value=float(difference(centre.value, -null)),
        low=None if low is None else float(difference(low, -null)),
        high=None if high is None else float(difference(high, -null)),
        level=context.level,
        null=null,
        unit=unit_of(sample, design),
    )
    error = _error_of(centre.ends("two-sided", context.level), context.level)
    return result_of(
        method,
        sample,
        design,
        statistic_name="W+",
        statistic=test.statistic,
        p_value=test.p_value,
        effect=effect,
        other_effects=(_matched_rank_biserial(distances, test.statistic, label, context),),
        groups=tuple(describe(arm) for arm in arms),
        measures=(
            *skewness_measures((Arm("differences", distances),)),
            share_of_ties(np.abs(distances)),
            _share_of_zeros(distances),
        ),
        equivalence=within(distances, centre, context.delta, context.alpha),
        minimum_detectable=minimum_detectable(error, None, context.alpha, design.alternative),
        caveats=("The pseudo-median is the centre only if the differences are distributed symmetrically.",),
    )


def _matched_rank_biserial(distances: FloatArray, positive: float, label: str, context: Context) -> Effect:
    """(W⁺ − W⁻) / (W⁺ + W⁻), Kerby 2014, Comprehensive Psychology 3:1; without an interval."""
    n = int(np.count_nonzero(distances))
    value = 4 * positive / (n * (n + 1)) - 1
    return Effect(name="matched rank-biserial correlation", label=label, value=value, low=None, high=None, level=context.level)


def _require_variation(values: FloatArray, what: str) -> None:
    """As the t tests do; where all differences are zero, the test itself says so."""
    if np.ptp(values) == 0 and values[0] != 0:
        raise NotApplicable(f"The values of {what} do not vary, so there is nothing to test.")


def one_sample_wilcoxon(sample: Sample, design: Design, context: Context) -> TestResult:
    """Pseudo-median against `target.reference`."""
    reference = reference_of(design)
    arm = one_sample(sample, design, least=2)
    _require_variation(arm.values, "the outcome")
    distances = difference(arm.values, reference)
    label = f"pseudo-median of {design.target.outcome}"
    return _signed_rank_result(
        ONE_SAMPLE_WILCOXON, sample, design, context, distances, null=reference, name="pseudo-median", label=label, arms=(arm,)
    )


def wilcoxon_signed_rank(sample: Sample, design: Design, context: Context) -> TestResult:
    """Pseudo-median of the differences, first minus second measurement."""
    a, b = pairs(sample, design, least=2)
    change = differences(a, b)
    _require_variation(change, "the differences within pairs")
    return _signed_rank_result(
        WILCOXON_SIGNED_RANK,
        sample,
        design,
        context,
        change,
        null=0.0,
        name="pseudo-median of differences",
        label=difference_label(a, b),
        arms=(a, b, Arm("difference", change)),
    )


def _clopper_pearson(successes: int, n: int, areas: Ends) -> Ends:
    """Exact interval of a proportion; an end that the areas leave open is the end of [0, 1]."""
    below, above = areas
    low = 0.0 if below is None or successes == 0 else float(stats.beta.ppf(below, successes, n - successes + 1))
    high = 1.0 if above is None or successes == n else float(stats.beta.isf(above, successes + 1, n - successes))
    return low, high


def sign_test(sample: Sample, design: Design, context: Context) -> TestResult:
    """Share of the pairs that differ in which the first measurement is higher, by the exact binomial test."""
    a, b = pairs(sample, design, least=1, numeric=False)
    change = differences(a, b)
    higher, changed = int(np.count_nonzero(change > 0)), int(np.count_nonzero(change))
    if not changed:
        raise NotApplicable("The two measurements are equal in every pair, so there is no sign to count.")
    p = float(stats.binomtest(higher, changed, 0.5, alternative=design.alternative).pvalue)
    low, high = _clopper_pearson(higher, changed, tail_areas(design.alternative, context.level))
    label = f"P({a.label} > {b.label}), pairs that differ"
    effect = Effect(
        name="probability of a higher value", label=label, value=higher / changed, low=low, high=high, level=context.level, null=0.5
    )
    unchanged = f"In {change.size - changed} of {change.size} pairs the two measurements are equal; the test leaves them out."
    return result_of(
        SIGN_TEST,
        sample,
        design,
        statistic_name="pairs with a higher value",
        statistic=float(higher),
        p_value=min(1.0, p),
        effect=effect,
        groups=tuple(describe(arm) for arm in (a, b)),
        measures=(_share_of_zeros(change),),
        minimum_detectable=minimum_detectable(0.5 / math.sqrt(changed), None, context.alpha, design.alternative),
        caveats=(unchanged,) if changed < change.size else (),
    )


def _shift(a: Arm, b: Arm, sample: Sample, design: Design, context: Context) -> Effect:
    """Hodges–Lehmann shift: the median of all differences between a value of A and one of B."""
    select, size = pairwise_differences(a.values, b.values)
    chances = rank_sum_distribution(a.n, b.n) if max(a.n, b.n) <= EXACT_UP_TO else None
    normal = size / 2, math.sqrt(size * (a.n + b.n + 1) / 12)
    low, high = interval_ends(select, size, chances, normal, design.alternative, context.level)
    name = "Hodges–Lehmann shift"
    return Effect(
        name=name,
        label=difference_label(a, b),
        value=middle(select, size),
        low=low,
        high=high,
        level=context.level,
        unit=unit_of(sample, design),
    )


def _mann_whitney_term(a: Arm, b: Arm, found: Superiority, design: Design, label: str) -> Term:
    """The classic test with its U; p is exact for small groups without ties."""
    test = stats.mannwhitneyu(a.values, b.values, alternative=design.alternative, method="auto")
    name = f"Mann–Whitney U, {label}, if both groups spread alike"
    return Term(name=name, estimate=found.value, statistic=float(test.statistic), p_value=min(1.0, float(test.pvalue)))


def _superiority_caveats(found: Superiority, reference: Reference, p: float, design: Design, context: Context) -> Iterator[str]:
    pairs_said = f"{min(found.sizes)} independent pairs that all point one way"
    if found.df is None:
        yield f"The groups do not overlap, so no spread can be estimated; p and the interval are those of {pairs_said}."
    elif p == least_p(found.sizes, design.alternative):
        yield f"The smaller group has {min(found.sizes)} rows, and p is the smallest that they allow: that of {pairs_said}."
    if reference.basis is not None:
        yield f"p and the interval rest on {reference.basis} of Brunner and Munzel's statistic."
    yield "The classic p of U stands among the terms: it assumes that, without an effect, both groups have one distribution."
    if context.delta is not None:
        yield "δ is in units of the outcome, so it says nothing about a probability; equivalence was not tested."


def _require_decidable(found: Superiority, design: Design, context: Context) -> None:
    if least_p(found.sizes, design.alternative) > context.alpha:
        raise NotApplicable(
            f"The smaller group has {min(found.sizes)} rows, too few for P(X > Y) to be told from ½ at {context.alpha:g}, however "
            "far apart the groups lie."
        )


def _detectable_superiority(a: Arm, b: Arm, found: Superiority, design: Design, context: Context) -> float | None:
    """Distance of P(X > Y) from ½, by the larger of the errors seen and under equal distributions; None beyond the possible ½."""
    error = max(found.standard_error, null_error(a.values, b.values))
    distance = minimum_detectable(error, found.df, context.alpha, design.alternative)
    return distance if distance is not None and distance <= 0.5 else None


def mann_whitney(sample: Sample, design: Design, context: Context) -> TestResult:
    """P(A > B) + ½ P(A = B) against ½ by Brunner and Munzel's statistic, p and interval by one reference; U stands beside."""
    a, b = two_groups(sample, design, least=2, numeric=False)
    if np.ptp(np.concatenate([a.values, b.values])) == 0:
        raise NotApplicable("All values of the outcome are equal, so there is nothing to rank.")
    found = superiority(a.values, b.values)
    _require_decidable(found, design, context)
    reference = reference_for(a.values, b.values, found, context.seed)
    p = superiority_p(found, reference, design.alternative)
    low, high = superiority_ends(found, reference, design.alternative, context.level)
    label = f"P({a.label} > {b.label}) + ½ P(equal)"
    overlap = found.df is not None
    return result_of(
        MANN_WHITNEY,
        sample,
        design,
        statistic_name="Brunner–Munzel t" if overlap else None,
        statistic=found.statistic if overlap else None,
        df=(found.df,) if found.df is not None and reference.relabelled is None else (),
        p_value=p,
        effect=Effect(
            name="probability of superiority", label=label, value=found.value, low=low, high=high, level=context.level, null=0.5
        ),
        other_effects=(_shift(a, b, sample, design, context),) if a.numeric else (),
        groups=(describe(a), describe(b)),
        measures=(share_of_ties(np.concatenate([a.values, b.values])),),
        terms=(_mann_whitney_term(a, b, found, design, label),),
        minimum_detectable=_detectable_superiority(a, b, found, design, context),
        caveats=tuple(_superiority_caveats(found, reference, p, design, context)),
    )


ONE_SAMPLE_WILCOXON = Method(
    name="one_sample_wilcoxon",
    title="One-sample Wilcoxon signed-rank test",
    summary="Centre (pseudo-median) of one numeric outcome against a stated reference value, robust to outliers.",
    estimand="pseudo-median of the outcome, against the reference value",
    source="Wilcoxon 1945, Biometrics Bulletin 1:80; Hodges and Lehmann 1963, Ann Math Stat 34:598",
    tasks=("compare",),
    needs=Needs(outcome=NUMERIC, rows=6, reference=True, quantiles=True),
    run=one_sample_wilcoxon,
    draw=draw_distribution,
    sensitivity=("one_sample_t",),
)

WILCOXON_SIGNED_RANK = Method(
    name="wilcoxon_signed_rank",
    title="Wilcoxon signed-rank test",
    summary="Typical change (pseudo-median) of a numeric outcome within pairs, robust to outliers.",
    estimand="pseudo-median of the differences within pairs",
    source="Wilcoxon 1945, Biometrics Bulletin 1:80; Hodges and Lehmann 1963, Ann Math Stat 34:598",
    tasks=("change",),
    needs=Needs(outcome=NUMERIC, predictor=GROUPING, predictors=(0, 1), groups=(2, 2), sampling="paired", rows=6),
    run=wilcoxon_signed_rank,
    draw=draw_pairs,
    sensitivity=("paired_t", "sign_test"),
    asked_for=r"\bsigned[- ]rank",
)

SIGN_TEST = Method(
    name="sign_test",
    title="Sign test",
    summary="Share of pairs in which a numeric or ordinal outcome is higher, pairs without a change left out.",
    estimand="probability of a higher value among the pairs that differ",
    source="Dixon and Mood 1946, JASA 41:557; Clopper and Pearson 1934, Biometrika 26:404",
    tasks=("change",),
    needs=Needs(outcome=RANKED, predictor=GROUPING, predictors=(0, 1), groups=(2, 2), sampling="paired", rows=6),
    run=sign_test,
    draw=draw_pairs,
)

MANN_WHITNEY = Method(
    name="mann_whitney",
    title="Studentised Mann–Whitney test",
    summary="Probability that a numeric or ordinal outcome is higher in one of two independent groups, robust to outliers.",
    estimand="P(X > Y) + ½ P(X = Y) for X drawn from the first group and Y from the second",
    source="p and interval: Brunner and Munzel 2000, Biom J 42:17, with fewer than 20 rows in a group by relabelling (Neubert and "
    "Brunner 2007, Comput Stat Data Anal 51:5192); U: Mann and Whitney 1947, Ann Math Stat 18:50",
    tasks=("compare",),
    needs=Needs(outcome=RANKED, predictor=GROUPING, predictors=(1, 1), groups=(2, 2), rows=12, per_group=6),
    run=mann_whitney,
    draw=draw_groups,
    sensitivity=("welch_t",),
    asked_for=r"\bmann[-– ]?whitney|\brank[- ]sum|\bu[- ]test\b",
)

METHODS = (ONE_SAMPLE_WILCOXON, WILCOXON_SIGNED_RANK, SIGN_TEST, MANN_WHITNEY)
