"""Proportions of one group or two: one-sample proportion, risk difference, and the exact tests of a 2×2 table."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.design import Alternative, Design
from kosmos_graph.domain.results import Effect, Equivalence, Measure, TestResult
from kosmos_graph.experiments.catalogue.charts import draw_shares
from kosmos_graph.experiments.catalogue.counts import IntArray, Tally, one_tally, success_level, two_tallies
from kosmos_graph.experiments.catalogue.kinds import GROUPING
from kosmos_graph.experiments.catalogue.proportion_intervals import (
    difference_equivalence,
    newcombe,
    normal_quantile,
    open_ended,
    wilson,
)
from kosmos_graph.experiments.catalogue.result import result_of
from kosmos_graph.experiments.catalogue.tails import p_value, t_interval
from kosmos_graph.experiments.method import Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.power import minimum_detectable, quantile

SMALL_COUNT = 5
BOSCHLOO_LIMIT = 1000
"""Rows beyond which Boschloo's test takes many seconds; the score test is accurate long before."""


def one_sample_proportion(sample: Sample, design: Design, context: Context) -> TestResult:
    """Exact binomial test of the success level's proportion against the target's reference."""
    tally, reference = one_tally(sample, design), reference_share(design)
    reach = normal_quantile(design.alternative, context.level)
    low, high = open_ended(wilson(tally.hits, tally.n, reach), design.alternative, 0, 1)
    label = f"share with {design.target.outcome} = {success_level(sample, design)}"
    test = stats.binomtest(tally.hits, tally.n, reference, alternative=design.alternative)
    error = math.sqrt(reference * (1 - reference) / tally.n)
    return result_of(
        ONE_SAMPLE_PROPORTION,
        sample,
        design,
        p_value=float(test.pvalue),
        effect=Effect(name="proportion", label=label, value=tally.share, low=low, high=high, level=context.level, null=reference),
        standardised=cohens_h_from_reference(tally, reference, (low, high), label, context.level),
        groups=(tally.as_group(),),
        equivalence=exact_equivalence(tally, reference, context.delta, context.alpha),
        minimum_detectable=minimum_detectable(error, None, context.alpha, design.alternative),
    )


def reference_share(design: Design) -> float:
    """The stated proportion, strictly between 0 and 1."""
    reference = design.target.reference
    if reference is None:
        raise NotApplicable("No value is stated that the proportion is to be compared with.")
    if not 0 < reference < 1:
        raise NotApplicable(f"The stated value {reference:g} is no proportion: give it as a number between 0 and 1.")
    return reference


def angle(share: float) -> float:
    """Arcsine transform of a proportion, whose variance is 1/n."""
    return 2 * math.asin(math.sqrt(share))


def cohens_h_from_reference(
    tally: Tally, reference: float, ends: tuple[float | None, float | None], label: str, level: float
) -> Effect:
    """Cohen's h of the proportion against the reference; its interval is the proportion's, transformed."""
    low, high = (None if end is None else angle(end) - angle(reference) for end in ends)
    value = angle(tally.share) - angle(reference)
    return Effect(name="Cohen's h", label=label, value=value, low=low, high=high, level=level)


def exact_equivalence(tally: Tally, reference: float, delta: float | None, alpha: float) -> Equivalence | None:
    """Exact binomial tests against reference ± δ, with Wilson's interval of the distance from the reference."""
    if delta is None:
        return None
    below = stats.binomtest(tally.hits, tally.n, max(reference - delta, 0.0), alternative="greater").pvalue
    above = stats.binomtest(tally.hits, tally.n, min(reference + delta, 1.0), alternative="less").pvalue
    p_below = 0.0 if reference - delta < 0 else float(below)
    p_above = 0.0 if reference + delta > 1 else float(above)
    low, high = wilson(tally.hits, tally.n, quantile(1 - alpha, None))
    return Equivalence(delta=delta, p_value=max(p_below, p_above), low=low - reference, high=high - reference)


def risk_difference(sample: Sample, design: Design, context: Context) -> TestResult:
    """Pearson's score test (without correction) of the difference of two proportions."""
    a, b = two_tallies(sample, design)
    z = (a.share - b.share) / null_error(a, b)
    scarce = smallest_expected(a, b) < SMALL_COUNT
    caveats = ("An expected count is small, so the score test's p is only approximate.",) if scarce else ()
    return two_by_two(RISK_DIFFERENCE, sample, design, context, (a, b), p_value(z, None, design.alternative), caveats, statistic=z)


def boschloo_exact(sample: Sample, design: Design, context: Context) -> TestResult:
    """Boschloo's unconditional exact test; its two-sided p is twice the smaller one-sided one."""
    a, b = two_tallies(sample, design)
    if a.n + b.n > BOSCHLOO_LIMIT:
        raise NotApplicable(f"Boschloo's test takes up to {BOSCHLOO_LIMIT} rows, here are {a.n + b.n}; use the score test.")
    test = stats.boschloo_exact(as_table(a, b), alternative=design.alternative)
    return two_by_two(BOSCHLOO_EXACT, sample, design, context, (a, b), min(1.0, float(test.pvalue)))


def fisher_exact(sample: Sample, design: Design, context: Context) -> TestResult:
    """Fisher's conditional exact test; its two-sided p sums the tables that are no more likely than the one seen."""
    a, b = two_tallies(sample, design)
    test = stats.fisher_exact(as_table(a, b), alternative=design.alternative)
    return two_by_two(FISHER_EXACT, sample, design, context, (a, b), min(1.0, float(test.pvalue)))


def as_table(a: Tally, b: Tally) -> IntArray:
    """Successes and failures (rows) of the groups (columns): `greater` then means that A's proportion is the larger."""
    return np.array([[a.hits, b.hits], [a.n - a.hits, b.n - b.hits]], dtype=np.int64)


def null_error(a: Tally, b: Tally) -> float:
    """Standard error of the difference where both groups have the pooled proportion."""
    pooled = (a.hits + b.hits) / (a.n + b.n)
    return math.sqrt(pooled * (1 - pooled) * (1 / a.n + 1 / b.n))


def smallest_expected(a: Tally, b: Tally) -> float:
    """Smallest of the four counts to be expected if the groups were alike."""
    hits, n = a.hits + b.hits, a.n + b.n
    return min(hits, n - hits) * min(a.n, b.n) / n


def two_by_two(
    method: Method,
    sample: Sample,
    design: Design,
    context: Context,
    tallies: tuple[Tally, Tally],
    p: float,
    caveats: tuple[str, ...] = (),
    statistic: float | None = None,
) -> TestResult:
    """The result of a test of two proportions: the tests differ in p alone."""
    a, b = tallies
    ratios = ratio_effects(a, b, design.alternative, context.level)
    without = () if ratios else ("A cell of the table is empty, so the ratios have no interval and are left out.",)
    expected = smallest_expected(a, b)
    meaning = "from 5 on, the score test is accurate"
    return result_of(
        method,
        sample,
        design,
        statistic_name=None if statistic is None else "z",
        statistic=statistic,
        p_value=p,
        effect=difference_effect(a, b, design.alternative, context.level),
        standardised=cohens_h(a, b, design.alternative, context.level),
        other_effects=ratios,
        groups=(a.as_group(), b.as_group()),
        measures=(Measure(name="smallest expected count", value=expected, meaning=meaning),),
        equivalence=difference_equivalence(a, b, context.delta, context.alpha),
        minimum_detectable=minimum_detectable(null_error(a, b), None, context.alpha, design.alternative),
        caveats=caveats + without,
    )


def difference_effect(a: Tally, b: Tally, alternative: Alternative, level: float) -> Effect:
    """A − B with Newcombe's hybrid score interval."""
    low, high = open_ended(newcombe(a, b, normal_quantile(alternative, level)), alternative, -1, 1)
    label = f"{a.label} − {b.label}"
    return Effect(name="risk difference", label=label, value=a.share - b.share, low=low, high=high, level=level)


def cohens_h(a: Tally, b: Tally, alternative: Alternative, level: float) -> Effect:
    """Difference of the arcsine transforms, whose standard error depends on the sizes alone."""
    value = angle(a.share) - angle(b.share)
    low, high = t_interval(value, math.sqrt(1 / a.n + 1 / b.n), None, alternative, level)
    return Effect(name="Cohen's h", label=f"{a.label} − {b.label}", value=value, low=low, high=high, level=level)


def ratio_effects(a: Tally, b: Tally, alternative: Alternative, level: float) -> tuple[Effect, ...]:
    """Risk ratio (Katz et al. 1978, Biometrics 34:469) and odds ratio (Woolf 1955); none where a cell is empty."""
    cells = (a.hits, a.n - a.hits, b.hits, b.n - b.hits)
    if 0 in cells:
        return ()
    risk_error = math.sqrt(1 / a.hits - 1 / a.n + 1 / b.hits - 1 / b.n)
    odds_error = math.sqrt(sum(1 / cell for cell in cells))
    odds = cells[0] * cells[3] / (cells[1] * cells[2])
    label = f"{a.label} / {b.label}"
    return (
        log_normal_effect("risk ratio", label, a.share / b.share, risk_error, alternative, level),
        log_normal_effect("odds ratio", label, odds, odds_error, alternative, level),
    )


def log_normal_effect(name: str, label: str, value: float, log_error: float, alternative: Alternative, level: float) -> Effect:
    """A ratio whose logarithm has the normal standard error `log_error`."""
    low, high = (None if end is None else math.exp(end) for end in t_interval(math.log(value), log_error, None, alternative, level))
    return Effect(name=name, label=label, value=value, low=low, high=high, level=level, null=1.0)


TWO_BY_TWO = Needs(outcome=frozenset({Kind.BINARY}), predictor=GROUPING, predictors=(1, 1), groups=(2, 2), rows=4)

ONE_SAMPLE_PROPORTION = Method(
    name="one_sample_proportion",
    title="One-sample proportion (exact binomial test)",
    summary="Does the proportion of a yes/no outcome differ from a stated value?",
    estimand="proportion of rows with the success level, against the stated value",
    source="scipy.stats.binomtest; interval of Wilson 1927, J Am Stat Assoc 22:209",
    tasks=("compare",),
    needs=Needs(outcome=frozenset({Kind.BINARY}), rows=5, reference=True),
    run=one_sample_proportion,
    draw=draw_shares,
)

RISK_DIFFERENCE = Method(
    name="risk_difference",
    title="Risk difference (score test)",
    summary="Does the proportion of a yes/no outcome differ between two groups? Expected counts of 5 or more.",
    estimand="difference of the two groups' proportions of the success level, A minus B",
    source="Pearson's score test without correction; interval of Newcombe 1998, Stat Med 17:873, method 10",
    tasks=("compare", "associate"),
    needs=TWO_BY_TWO,
    run=risk_difference,
    draw=draw_shares,
    sensitivity=("fisher_exact",),
    assumption="By rule, two proportions are compared by the score test while every expected count is at least 5.",
)

BOSCHLOO_EXACT = Method(
    name="boschloo_exact",
    title="Boschloo's exact test",
    summary="Does the proportion of a yes/no outcome differ between two groups, when an expected count is below 5?",
    estimand="difference of the two groups' proportions of the success level, A minus B",
    source="scipy.stats.boschloo_exact; Boschloo 1970, Stat Neerl 24:1; interval of Newcombe 1998, Stat Med 17:873, method 10",
    tasks=("compare", "associate"),
    needs=TWO_BY_TWO,
    run=boschloo_exact,
    draw=draw_shares,
    sensitivity=("fisher_exact",),
    asked_for=r"\bboschloo",
    assumption="By rule, two proportions are compared by Boschloo's exact test where an expected count is below 5.",
)

FISHER_EXACT = Method(
    name="fisher_exact",
    title="Fisher's exact test",
    summary="Does the proportion of a yes/no outcome differ between two groups, given both margins? Cautious.",
    estimand="difference of the two groups' proportions of the success level, A minus B",
    source="scipy.stats.fisher_exact; interval of Newcombe 1998, Stat Med 17:873, method 10",
    tasks=("compare", "associate"),
    needs=TWO_BY_TWO,
    run=fisher_exact,
    draw=draw_shares,
    sensitivity=("boschloo_exact",),
    asked_for=r"\bfisher'?s? exact|\bfisher test",
)

METHODS: tuple[Method, ...] = (ONE_SAMPLE_PROPORTION, RISK_DIFFERENCE, BOSCHLOO_EXACT, FISHER_EXACT)
