"""Means of a numeric outcome: one sample against a reference, changes within pairs, two independent groups."""

from __future__ import annotations

import numpy as np

from kosmos_graph.data.decimals import difference
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Measure, TestResult
from kosmos_graph.experiments.catalogue.describe import describe, skewness_caveats, skewness_measures, spread, spread_ratio
from kosmos_graph.experiments.catalogue.estimate_plots import draw_distribution
from kosmos_graph.experiments.catalogue.group_plots import draw_groups, draw_pairs
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.location import Location, largest, mean_location, welch_location
from kosmos_graph.experiments.catalogue.observed import Arm, FloatArray, one_sample, pairs, two_groups
from kosmos_graph.experiments.catalogue.result import result_of, unit_of
from kosmos_graph.experiments.catalogue.standardised import hedges_g_one_sample, hedges_g_two_groups
from kosmos_graph.experiments.catalogue.tails import p_value, t_interval
from kosmos_graph.experiments.method import Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.power import minimum_detectable
from kosmos_graph.experiments.tost import two_one_sided_tests


def reference_of(design: Design) -> float:
    """The value that a one-sample comparison tests against. Raises NotApplicable where the design states none."""
    if design.target.reference is None:
        raise NotApplicable("The design states no reference value to compare the outcome with.")
    return design.target.reference


def differences(a: Arm, b: Arm) -> FloatArray:
    """First minus second measurement of each pair, as decimals."""
    return difference(a.values, b.values)


def difference_label(a: Arm, b: Arm) -> str:
    """The direction of a difference in the data's words."""
    return f"{a.label} − {b.label}"


def location_effect(
    name: str, label: str, found: Location, sample: Sample, design: Design, context: Context, null: float = 0.0
) -> Effect:
    """The effect in outcome units with the t interval of the design's alternative; `found` is the distance from `null`."""
    low, high = t_interval(found.value + null, found.standard_error, found.df, design.alternative, context.level)
    value = found.value + null
    return Effect(
        name=name, label=label, value=value, low=low, high=high, level=context.level, null=null, unit=unit_of(sample, design)
    )


def t_result(
    method: Method,
    sample: Sample,
    design: Design,
    context: Context,
    found: Location,
    *,
    effect: Effect,
    standardised: Effect | None,
    arms: tuple[Arm, ...],
    measures: tuple[Measure, ...],
) -> TestResult:
    """Everything that follows from a distance from the null whose error is t distributed."""
    statistic = found.value / found.standard_error
    return result_of(
        method,
        sample,
        design,
        statistic_name="t",
        statistic=statistic,
        df=(found.df,),
        p_value=p_value(statistic, found.df, design.alternative),
        effect=effect,
        standardised=standardised,
        groups=tuple(describe(arm) for arm in arms),
        measures=measures,
        equivalence=two_one_sided_tests(found.value, found.standard_error, found.df, context.delta, context.alpha),
        minimum_detectable=minimum_detectable(found.standard_error, found.df, context.alpha, design.alternative),
        caveats=skewness_caveats(measures, min(arm.n for arm in arms)),
    )


def one_sample_t(sample: Sample, design: Design, context: Context) -> TestResult:
    """Mean against `target.reference`; the effect is the mean, its null the reference."""
    reference = reference_of(design)
    arm = one_sample(sample, design, least=2)
    at = mean_location(arm.values, "the outcome")
    found = Location(at.value - reference, at.standard_error, at.df, at.spread)
    label = f"mean of {design.target.outcome}"
    effect = location_effect("mean", label, found, sample, design, context, reference)
    standardised = None
    if arm.n > 2:
        standardised = hedges_g_one_sample(
            found.value, found.spread, arm.n, f"{label}, from the reference", design.alternative, context
        )
    return t_result(
        ONE_SAMPLE_T,
        sample,
        design,
        context,
        found,
        effect=effect,
        standardised=standardised,
        arms=(arm,),
        measures=skewness_measures((arm,)),
    )


def pair_correlation(a: Arm, b: Arm) -> tuple[Measure, ...]:
    """Pearson's correlation of the two measurements, where both vary."""
    if not spread(a.values) or not spread(b.values):
        return ()
    meaning = "the closer to 1, the more a pair's two measurements agree and the more precise their difference is"
    return (Measure(name="correlation within pairs", value=float(np.corrcoef(a.values, b.values)[0, 1]), meaning=meaning),)


def paired_t(sample: Sample, design: Design, context: Context) -> TestResult:
    """Mean of the differences, first minus second measurement."""
    a, b = pairs(sample, design, least=2)
    change = Arm("difference", differences(a, b))
    found = mean_location(change.values, "the differences within pairs", max(largest(a.values), largest(b.values)))
    label = difference_label(a, b)
    standardised = None
    if change.n > 2:
        name = "Hedges g of the differences"
        standardised = hedges_g_one_sample(found.value, found.spread, change.n, label, design.alternative, context, name)
    return t_result(
        PAIRED_T,
        sample,
        design,
        context,
        found,
        effect=location_effect("mean of differences", label, found, sample, design, context),
        standardised=standardised,
        arms=(a, b, change),
        measures=skewness_measures((change,)) + pair_correlation(a, b),
    )


def standardised_difference(a: Arm, b: Arm, found: Location, design: Design, context: Context) -> Effect:
    """Hedges g of two groups."""
    spreads = (spread(a.values) or 0.0, spread(b.values) or 0.0)
    return hedges_g_two_groups(found.value, spreads, (a.n, b.n), found.df, difference_label(a, b), design.alternative, context)


def welch_t(sample: Sample, design: Design, context: Context) -> TestResult:
    """Difference of means A − B; spreads may differ."""
    a, b = two_groups(sample, design, least=2)
    found = welch_location(a, b)
    return t_result(
        WELCH_T,
        sample,
        design,
        context,
        found,
        effect=location_effect("difference of means", difference_label(a, b), found, sample, design, context),
        standardised=standardised_difference(a, b, found, design, context),
        arms=(a, b),
        measures=skewness_measures((a, b)) + spread_ratio((a, b)),
    )


ONE_SAMPLE_T = Method(
    name="one_sample_t",
    title="One-sample t test",
    summary="Mean of one numeric outcome against a stated reference value.",
    estimand="mean of the outcome, against the reference value",
    source="Student 1908, Biometrika 6:1; interval of Hedges g by the noncentral t distribution",
    tasks=("compare",),
    needs=Needs(outcome=NUMERIC, rows=3, reference=True),
    run=one_sample_t,
    draw=draw_distribution,
    sensitivity=("one_sample_wilcoxon",),
)

PAIRED_T = Method(
    name="paired_t",
    title="Paired t test",
    summary="Mean change of a numeric outcome within pairs (before and after, or two measurements of one unit).",
    estimand="mean of the differences within pairs",
    source="Student 1908, Biometrika 6:1; interval of Hedges g by the noncentral t distribution",
    tasks=("change",),
    needs=Needs(outcome=NUMERIC, predictor=GROUPING, predictors=(0, 1), groups=(2, 2), sampling="paired", rows=3),
    run=paired_t,
    draw=draw_pairs,
    sensitivity=("wilcoxon_signed_rank", "sign_test"),
    asked_for=r"\bpaired t[- ]?test",
    assumption="By rule, two measurements of one unit are compared by their differences.",
)

WELCH_T = Method(
    name="welch_t",
    title="Welch's t test",
    summary="Difference of the means of a numeric outcome between two independent groups, spreads may differ.",
    estimand="difference of the group means",
    source="Welch 1947, Biometrika 34:28; Hedges 1981, J Educ Stat 6:107; interval of g after Bonett 2008, Psychol Methods 13:99",
    tasks=("compare",),
    needs=Needs(outcome=NUMERIC, predictor=GROUPING, predictors=(1, 1), groups=(2, 2), rows=6, per_group=3),
    run=welch_t,
    draw=draw_groups,
    sensitivity=("mann_whitney", "permutation_test"),
    asked_for=r"\bwelch|(?<!\bpaired )\bt[- ]test",
    assumption="By rule, two groups of a numeric outcome are compared by Welch's t test, whatever their spreads.",
)

METHODS = (ONE_SAMPLE_T, PAIRED_T, WELCH_T)
