"""Equivalence within ±δ: two groups, pairs, one sample against a reference."""

from __future__ import annotations

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Equivalence, Measure, TestResult
from kosmos_graph.experiments.catalogue.describe import describe, skewness_caveats, skewness_measures, spread_ratio
from kosmos_graph.experiments.catalogue.estimate_plots import draw_distribution
from kosmos_graph.experiments.catalogue.group_plots import draw_groups, draw_pairs
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.location import Location, largest, mean_location, welch_location
from kosmos_graph.experiments.catalogue.means import difference_label, differences, reference_of
from kosmos_graph.experiments.catalogue.observed import Arm, one_sample, pairs, two_groups
from kosmos_graph.experiments.catalogue.result import result_of, unit_of
from kosmos_graph.experiments.method import Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.tost import two_one_sided_tests


def _tested(found: Location, context: Context) -> Equivalence:
    tested = None
    if context.delta is not None and context.delta > 0:
        tested = two_one_sided_tests(found.value, found.standard_error, found.df, context.delta, context.alpha)
    if tested is None:
        raise NotApplicable("Equivalence needs a smallest effect that matters (δ) above zero, and none was locked.")
    return tested


def _closer_statistic(found: Location, delta: float) -> float:
    """The t of the two whose p is larger: that of the bound nearer to the estimate."""
    towards = -delta if found.value >= 0 else delta
    return (found.value + towards) / found.standard_error


def _tost_result(
    method: Method,
    sample: Sample,
    design: Design,
    context: Context,
    found: Location,
    *,
    name: str,
    label: str,
    arms: tuple[Arm, ...],
    measures: tuple[Measure, ...],
    null: float = 0.0,
) -> TestResult:
    """`found` is the distance from `null`; the effect's interval has level 1 − 2·alpha, as the two tests imply."""
    tested = _tested(found, context)
    effect = Effect(
        name=name,
        label=label,
        value=found.value + null,
        low=tested.low + null,
        high=tested.high + null,
        level=1 - 2 * context.alpha,
        null=null,
        unit=unit_of(sample, design),
    )
    level = (
        f"The interval has level {100 * effect.level:g} %: equivalence is shown where it lies within ±δ; "
        "p is the larger of the two one-sided tests and small where the difference is within ±δ."
    )
    return result_of(
        method,
        sample,
        design,
        statistic_name="t (nearer bound)",
        statistic=_closer_statistic(found, tested.delta),
        df=(found.df,),
        p_value=tested.p_value,
        effect=effect,
        groups=tuple(describe(arm) for arm in arms),
        measures=measures,
        equivalence=tested,
        caveats=(level, *skewness_caveats(measures, min(arm.n for arm in arms))),
    )


def tost(sample: Sample, design: Design, context: Context) -> TestResult:
    """Difference of means A − B within ±δ."""
    a, b = two_groups(sample, design, least=2)
    measures = skewness_measures((a, b)) + spread_ratio((a, b))
    return _tost_result(
        TOST,
        sample,
        design,
        context,
        welch_location(a, b),
        name="difference of means",
        label=difference_label(a, b),
        arms=(a, b),
        measures=measures,
    )


def paired_tost(sample: Sample, design: Design, context: Context) -> TestResult:
    """Mean of the differences within ±δ."""
    a, b = pairs(sample, design, least=2)
    change = Arm("difference", differences(a, b))
    found = mean_location(change.values, "the differences within pairs", max(largest(a.values), largest(b.values)))
    return _tost_result(
        PAIRED_TOST,
        sample,
        design,
        context,
        found,
        name="mean of differences",
        label=difference_label(a, b),
        arms=(a, b, change),
        measures=skewness_measures((change,)),
    )


def one_sample_tost(sample: Sample, design: Design, context: Context) -> TestResult:
    """Mean within ±δ of `target.reference`."""
    reference = reference_of(design)
    arm = one_sample(sample, design, least=2)
    at = mean_location(arm.values, "the outcome")
    return _tost_result(
        ONE_SAMPLE_TOST,
        sample,
        design,
        context,
        Location(at.value - reference, at.standard_error, at.df, at.spread),
        name="mean",
        label=f"mean of {design.target.outcome}",
        arms=(arm,),
        measures=skewness_measures((arm,)),
        null=reference,
    )


TOST = Method(
    name="tost",
    title="Two one-sided tests of equivalence (Welch)",
    summary="Whether the means of two independent groups are equal within ±δ, the smallest difference that matters.",
    estimand="difference of the group means, tested to lie within ±δ",
    source="Schuirmann 1987, J Pharmacokinet Biopharm 15:657; Welch 1947, Biometrika 34:28",
    tasks=("compare",),
    needs=Needs(outcome=NUMERIC, predictor=GROUPING, predictors=(1, 1), groups=(2, 2), rows=6, per_group=3, delta=True),
    run=tost,
    draw=draw_groups,
    asked_for=r"\btost\b|\btwo one-sided",
)

PAIRED_TOST = Method(
    name="paired_tost",
    title="Two one-sided tests of equivalence within pairs",
    summary="Whether the mean change within pairs is zero within ±δ, the smallest change that matters.",
    estimand="mean of the differences within pairs, tested to lie within ±δ",
    source="Schuirmann 1987, J Pharmacokinet Biopharm 15:657",
    tasks=("change",),
    needs=Needs(outcome=NUMERIC, predictor=GROUPING, predictors=(0, 1), groups=(2, 2), sampling="paired", rows=3, delta=True),
    run=paired_tost,
    draw=draw_pairs,
)

ONE_SAMPLE_TOST = Method(
    name="one_sample_tost",
    title="Two one-sided tests of equivalence to a reference value",
    summary="Whether the mean of one numeric outcome equals a stated reference value within ±δ.",
    estimand="mean of the outcome, tested to lie within ±δ of the reference value",
    source="Schuirmann 1987, J Pharmacokinet Biopharm 15:657",
    tasks=("compare",),
    needs=Needs(outcome=NUMERIC, rows=3, reference=True, delta=True),
    run=one_sample_tost,
    draw=draw_distribution,
)

METHODS = (TOST, PAIRED_TOST, ONE_SAMPLE_TOST)
