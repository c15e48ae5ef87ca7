"""Durations between groups: the log-rank test, and Kaplan–Meier estimates at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, stats

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Measure, Term, TestResult
from kosmos_graph.experiments.catalogue.counts import categorical
from kosmos_graph.experiments.catalogue.cox import proportionality_caveat, share_of_tied_events, survival_group
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.catalogue.noncentrality import one_tail_caveat
from kosmos_graph.experiments.catalogue.regression_model import model_of, undirected_caveat
from kosmos_graph.experiments.catalogue.result import result_of, unit_of
from kosmos_graph.experiments.catalogue.survival_plots import draw_curves
from kosmos_graph.experiments.catalogue.tails import Ends, p_value, t_interval, tail_areas
from kosmos_graph.experiments.catalogue.wald import (
    LARGEST_LOG,
    OPPOSITE,
    explained,
    open_exponential,
    ratio_delta_caveat,
    require_undirected,
)
from kosmos_graph.experiments.contrast import contrast
from kosmos_graph.experiments.design_matrix import FloatArray
from kosmos_graph.experiments.follow_up import (
    Curve,
    FollowUp,
    IntArray,
    follow_up_of,
    kaplan_meier_curve,
    numbered,
    quantile_ends,
    restricted_mean,
    survival_ends,
    survival_quantile,
)
from kosmos_graph.experiments.method import Case, Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.partial_likelihood import fit_cox, proportionality
from kosmos_graph.experiments.power import minimum_detectable, quantile

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW_EVENTS = 10
MANY_TIES = 0.3
FARTHEST = 30.0
"""Logarithm of a hazard ratio that is not looked beyond."""


def arms_of(sample: Sample, design: Design) -> dict[str, FollowUp]:
    """Follow-up by level of the first predictor; of two groups A first. Raises NotApplicable where fewer than two have rows."""
    follow_up, predictor = follow_up_of(sample, design), design.target.predictors[0]
    own = categorical(sample.frame, predictor).astype(object).to_numpy()
    present = [str(level) for level in sample.frame[predictor].cat.categories if np.any(own == level)]
    if len(present) < 2:
        raise NotApplicable("Groups are to be compared, but after exclusions fewer than two of them have rows.")
    if len(present) == 2:
        pair = contrast(design.target, present, sample.card.column(predictor))
        if set(pair) != set(present):
            raise NotApplicable("A level that the design compares has no rows after exclusions.")
        present = list(pair)
    return {level: follow_up.where(own == level) for level in present}


@dataclass(frozen=True)
class Tables:
    """Per stratum and time with an event: rows at risk and events, by group (times × groups)."""

    at_risk: FloatArray
    events: FloatArray

    @property
    def observed(self) -> FloatArray:
        """Events by group."""
        return np.asarray(np.sum(self.events, axis=0), dtype=np.float64)

    def expected(self, log_ratio: float = 0.0) -> FloatArray:
        """Events expected by group, if the first group's hazard is that ratio of the others'."""
        risks = self.at_risk * np.concatenate([[math.exp(log_ratio)], np.ones(self.at_risk.shape[1] - 1)])
        shares = risks / np.sum(risks, axis=1, keepdims=True)
        return np.asarray(np.sum(shares * np.sum(self.events, axis=1, keepdims=True), axis=0), dtype=np.float64)

    def covariance(self, log_ratio: float = 0.0) -> FloatArray:
        """Covariance of the events by group, given the margins of every table (hypergeometric where the ratio is 1)."""
        risks = self.at_risk * np.concatenate([[math.exp(log_ratio)], np.ones(self.at_risk.shape[1] - 1)])
        shares = risks / np.sum(risks, axis=1, keepdims=True)
        n, d = np.sum(self.at_risk, axis=1), np.sum(self.events, axis=1)
        factors = d * np.where(n > 1, (n - d) / np.maximum(n - 1, 1), 0.0)
        whole = np.diag(factors @ shares) - (shares * factors[:, np.newaxis]).T @ shares
        return np.asarray(whole, dtype=np.float64)

    def z(self, log_ratio: float = 0.0) -> float:
        """Score statistic of the first of two groups: positive where it has more events than expected."""
        difference = float(self.observed[0] - self.expected(log_ratio)[0])
        variance = float(self.covariance(log_ratio)[0, 0])
        return difference / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, difference)


def tables_of(follow_up: FollowUp, groups: IntArray, strata: IntArray) -> Tables:
    """The tables, stratum after stratum in the order of time."""
    width = int(groups.max()) + 1
    at_risk, events = [np.zeros((0, width))], [np.zeros((0, width))]
    for stratum in np.unique(strata):
        own = strata == stratum
        times, place = np.unique(follow_up.times[own], return_inverse=True)
        left, died = np.zeros((times.size, width)), np.zeros((times.size, width))
        np.add.at(left, (place, groups[own]), 1.0)
        np.add.at(died, (place, groups[own]), follow_up.events[own].astype(np.float64))
        happened = np.sum(died, axis=1) > 0
        at_risk.append(np.cumsum(left[::-1], axis=0)[::-1][happened])
        events.append(died[happened])
    return Tables(np.vstack(at_risk), np.vstack(events))


def log_rank(sample: Sample, design: Design, context: Context) -> TestResult:
    """Log-rank test: of two groups with the hazard ratio that its score allows, of more as a share of the events' variation."""
    arms = arms_of(sample, design)
    follow_up = follow_up_of(sample, design)
    own = sample.frame[design.target.predictors[0]].astype(object).to_numpy()
    groups = np.array([list(arms).index(str(level)) for level in own], dtype=np.int64)
    tables = tables_of(follow_up, groups, numbered(sample, design.target.stratum))
    checked = _proportional_p(sample, design)
    measures = log_rank_measures(follow_up, checked)
    caveats = log_rank_caveats(follow_up, checked, context)
    if len(arms) == 2:
        return two_group_result(tables, arms, sample, design, context, measures, caveats)
    return several_group_result(tables, arms, sample, design, context, measures, caveats)


def _proportional_p(sample: Sample, design: Design) -> float | None:
    """p of the check of proportional hazards; None where Cox's model cannot be fitted."""
    try:
        fit = fit_cox(model_of(sample, design), follow_up_of(sample, design), numbered(sample, design.target.stratum))
    except NotApplicable:
        return None
    found = proportionality(fit)
    return None if found is None else found.p_value


def log_rank_measures(follow_up: FollowUp, checked: float | None) -> tuple[Measure, ...]:
    """Events, their ties, and whether hazards are proportional."""
    found = [
        ("events", float(follow_up.n_events), "rows that ended with the event; the others are censored"),
        ("share of tied events", share_of_tied_events(follow_up), "0 where all events have times of their own"),
    ]
    if checked is not None:
        found.append(("proportional hazards p", checked, "small where the ratio of the hazards changes over time"))
    return tuple(Measure(name=name, value=value, meaning=meaning) for name, value, meaning in found)


def log_rank_caveats(follow_up: FollowUp, checked: float | None, context: Context) -> tuple[str, ...]:
    """Sentences on few or tied events, and on hazards that cross."""
    said = list(proportionality_caveat(checked, context))
    if follow_up.n_events < FEW_EVENTS:
        said.append(f"There are {follow_up.n_events} events, so p and the interval are only approximate.")
    if share_of_tied_events(follow_up) > MANY_TIES:
        said.append("Many events have the same times, so the hazard ratio is drawn somewhat towards 1.")
    return tuple(said)


def two_group_result(
    tables: Tables,
    arms: Mapping[str, FollowUp],
    sample: Sample,
    design: Design,
    context: Context,
    measures: tuple[Measure, ...],
    caveats: tuple[str, ...],
) -> TestResult:
    """The hazard ratio at which the score is zero, with the ratios that the score test does not reject."""
    variance = float(tables.covariance()[0, 0])
    if not variance > 0:
        raise NotApplicable("The two groups are never at risk together when an event happens, so they cannot be compared.")
    statistic, (a, b) = tables.z(), tuple(arms)
    difference = mean_difference(arms, sample, design, context)
    ratio = hazard_ratio(tables, f"{a} / {b}", design, context)
    if ratio is None:
        caveats += ("One group has no event while the other is followed, so the hazard ratio has no finite value.",)
    error = 1 / math.sqrt(variance)
    detectable = minimum_detectable(error, None, context.alpha, design.alternative)
    return result_of(
        LOG_RANK,
        sample,
        design,
        statistic_name="z",
        statistic=statistic,
        p_value=p_value(statistic, None, OPPOSITE[design.alternative]),
        effect=ratio or difference,
        other_effects=(difference,) if ratio is not None else (),
        groups=tuple(survival_group(label, arm) for label, arm in arms.items()),
        measures=measures,
        terms=expected_terms(tables, arms),
        minimum_detectable=math.expm1(detectable) if ratio is not None and detectable and detectable < LARGEST_LOG else None,
        caveats=caveats + ratio_delta_caveat(context),
    )


def hazard_ratio(tables: Tables, label: str, design: Design, context: Context) -> Effect | None:
    """Cox's estimate with Breslow's treatment of ties, and the interval that inverts the log-rank score; None if infinite."""

    def crossing(z: float) -> float | None:
        def distance(log_ratio: float) -> float:
            return float(np.clip(tables.z(log_ratio), -1e6, 1e6)) - z

        if distance(-FARTHEST) <= 0 or distance(FARTHEST) >= 0:
            return None
        return float(optimize.brentq(distance, -FARTHEST, FARTHEST, xtol=1e-14, rtol=1e-14))

    value = crossing(0.0)
    if value is None or abs(value) > FARTHEST - 1:
        return None
    below, above = tail_areas(OPPOSITE[design.alternative], context.level)
    low = None if below is None else crossing(-quantile(below, None))
    high = None if above is None else crossing(quantile(above, None))
    return Effect(
        name="hazard ratio",
        label=label,
        value=math.exp(value),
        low=open_exponential(low),
        high=open_exponential(high),
        level=context.level,
        null=1.0,
        inverse=True,
    )


def mean_difference(arms: Mapping[str, FollowUp], sample: Sample, design: Design, context: Context) -> Effect:
    """Difference of the mean time without the event, A − B, up to the time to which both groups were followed."""
    (a, first), (b, second) = arms.items()
    horizon = min(float(first.times.max()), float(second.times.max()))
    found = [restricted_mean(kaplan_meier_curve(arm), horizon) for arm in (first, second)]
    value, error = found[0][0] - found[1][0], math.sqrt(found[0][1] + found[1][1])
    low, high = t_interval(value, error, None, design.alternative, context.level)
    if not error > 0:
        low = high = None
    return Effect(
        name="difference of restricted mean survival",
        label=f"{a} − {b}, up to {horizon:g}",
        value=value,
        low=low,
        high=high,
        level=context.level,
        unit=unit_of(sample, design),
    )


def expected_terms(tables: Tables, arms: Mapping[str, FollowUp]) -> tuple[Term, ...]:
    """Events observed over those expected if all groups had one hazard."""
    pairs = zip(arms.items(), tables.observed, tables.expected(), strict=True)
    return tuple(
        Term(name=f"events observed / expected, {label}", estimate=float(seen / expected), n=arm.n)
        for (label, arm), seen, expected in pairs
        if expected > 0
    )


def several_group_result(
    tables: Tables,
    arms: Mapping[str, FollowUp],
    sample: Sample,
    design: Design,
    context: Context,
    measures: tuple[Measure, ...],
    caveats: tuple[str, ...],
) -> TestResult:
    """Chi-square of the events observed less those expected."""
    require_undirected(design)
    difference, spread = tables.observed - tables.expected(), tables.covariance()
    df = float(np.linalg.matrix_rank(spread, hermitian=True))
    if df == 0:
        raise NotApplicable("No two groups are at risk together when an event happens, so they cannot be compared.")
    statistic = float(difference @ np.linalg.pinv(spread, hermitian=True) @ difference)
    p = float(stats.chi2.sf(statistic, df))
    events = int(np.sum(tables.events))
    label = f"{design.target.outcome} by {design.target.predictors[0]}"
    effect, detectable = explained("R² of the events", label, statistic, (df,), events, context)
    return result_of(
        LOG_RANK,
        sample,
        design,
        statistic_name="chi-square",
        statistic=statistic,
        df=(df,),
        p_value=p,
        effect=effect,
        groups=tuple(survival_group(label, arm) for label, arm in arms.items()),
        measures=measures,
        terms=expected_terms(tables, arms),
        minimum_detectable=detectable,
        caveats=caveats + undirected_caveat(context) + one_tail_caveat(p, effect.low, context.alpha, effect.name),
    )


def draw_log_rank(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The groups' curves."""
    draw_curves(axes, arms_of(sample, design), sample, design, result)


def horizon_of(follow_up: FollowUp, arms: Mapping[str, FollowUp]) -> float:
    """The time at which survival is compared: the median survival of all rows, or half the shortest follow-up if that is less.

    It is taken from all rows together, so that no group chooses it.
    """
    half = min(float(arm.times.max()) for arm in arms.values()) / 2
    median = survival_quantile(kaplan_meier_curve(follow_up), 0.5)
    return half if median is None or median > 2 * half else median


def kaplan_meier(sample: Sample, design: Design, context: Context) -> TestResult:
    """Survival at the median time: of two groups their difference; for an estimate the survival, its mean, or a quantile."""
    if design.target.predictors:
        return compared(sample, design, context)
    return described(sample, design, context)


@dataclass(frozen=True)
class Point:
    """Survival beyond a time in one group, with the variance of its logarithm."""

    survival: float
    greenwood: float
    n: int

    def ends(self, z: float) -> tuple[float, float]:
        """Interval of the survival."""
        return survival_ends(self.survival, self.greenwood, self.n, z)


def difference_z(a: Point, b: Point) -> float:
    """z at whose interval the difference a − b just leaves out 0, with the difference's sign."""
    difference = a.survival - b.survival
    if difference == 0:
        return 0.0

    def reach(z: float) -> float:
        low, high = difference_ends(a, b, z, z)
        return (low if difference > 0 else -high) if z > 0 else abs(difference)

    top = 1.0
    while reach(top) > 0 and top < 64:
        top *= 2
    found = top if reach(top) > 0 else float(optimize.brentq(reach, 0.0, top, xtol=1e-14, rtol=1e-14))
    return math.copysign(found, difference)


def difference_ends(a: Point, b: Point, below: float, above: float) -> tuple[float, float]:
    """Interval of a difference from the intervals of both (Zou and Donner 2008, Stat Med 27:1693)."""
    difference = a.survival - b.survival
    low = difference - math.hypot(a.survival - a.ends(below)[0], b.ends(below)[1] - b.survival)
    high = difference + math.hypot(a.ends(above)[1] - a.survival, b.survival - b.ends(above)[0])
    return low, high


def compared(sample: Sample, design: Design, context: Context) -> TestResult:
    """Difference of two groups' survival at one time, A − B."""
    arms, follow_up = arms_of(sample, design), follow_up_of(sample, design)
    if len(arms) != 2:
        raise NotApplicable(f"Survival at a time is compared between two groups, and there are {len(arms)}; use a log-rank test.")
    time = horizon_of(follow_up, arms)
    points = [Point(*kaplan_meier_curve(arm).at(time), arm.n) for arm in arms.values()]
    if len({point.survival for point in points}) == 1 and points[0].survival in (0.0, 1.0):
        raise NotApplicable("At that time survival is the same in both groups, all or none, so there is nothing to compare.")
    statistic = difference_z(*points)
    below, above = tail_areas(design.alternative, context.level)
    z_low, z_high = (-quantile(below, None) if below else 0.0, -quantile(above, None) if above else 0.0)
    low, high = difference_ends(points[0], points[1], z_low, z_high)
    a, b = tuple(arms)
    z = -quantile((1 - context.level) / 2, None)
    error = (high - low) / (z_low + z_high)
    value = points[0].survival - points[1].survival
    return result_of(
        KAPLAN_MEIER,
        sample,
        design,
        statistic_name="z",
        statistic=statistic,
        p_value=p_value(statistic, None, design.alternative),
        effect=Effect(
            name="difference of survival probabilities",
            label=f"{a} − {b} at {time:g}",
            value=value,
            low=low if below else None,
            high=high if above else None,
            level=context.level,
        ),
        groups=tuple(survival_group(label, arm) for label, arm in arms.items()),
        measures=log_rank_measures(follow_up, None),
        terms=tuple(
            Term(
                name=f"survival at {time:g}, {label}",
                estimate=point.survival,
                low=point.ends(z)[0],
                high=point.ends(z)[1],
                n=point.n,
            )
            for label, point in zip(arms, points, strict=True)
        ),
        minimum_detectable=minimum_detectable(error, None, context.alpha, design.alternative),
        caveats=survival_delta_caveat(context),
    )


def survival_delta_caveat(context: Context) -> tuple[str, ...]:
    """That δ, in units of time, is not held against a probability."""
    if context.delta is None:
        return ()
    return ("The smallest effect that matters is in units of time, so it cannot be held against a probability.",)


def described(sample: Sample, design: Design, context: Context) -> TestResult:
    """The quantity that is asked for, of all rows."""
    follow_up = follow_up_of(sample, design)
    curve = kaplan_meier_curve(follow_up)
    effect = _quantity(curve, follow_up, sample, design, context)
    short = effect.high is None or effect.low is None
    return result_of(
        KAPLAN_MEIER,
        sample,
        design,
        effect=effect,
        groups=(survival_group("all rows", follow_up),),
        measures=log_rank_measures(follow_up, None),
        caveats=("The follow-up is too short to bound the interval on both sides.",) if short else (),
    )


def _quantity(curve: Curve, follow_up: FollowUp, sample: Sample, design: Design, context: Context) -> Effect:
    target = design.target
    name, label, unit = "survival probability", "", unit_of(sample, design)
    if target.quantity == "mean":
        value, variance = restricted_mean(curve, curve.last)
        ends: Ends = t_interval(value, math.sqrt(variance), None, "two-sided", context.level)
        name, label = "restricted mean survival", f"mean {target.outcome} up to {curve.last:g}"
        return Effect(name=name, label=label, value=value, low=ends[0], high=ends[1], level=context.level, unit=unit)
    probability = 0.5 if target.quantile is None else target.quantile
    if not 0 < probability < 1:
        raise NotApplicable("A quantile lies strictly between 0 and 1.")
    reached = survival_quantile(curve, probability)
    if target.quantity != "proportion" and reached is not None:
        name = "median survival" if probability == 0.5 else f"{100 * probability:g} % quantile of survival"
        ends = quantile_ends(curve, probability, context.level)
        label = f"{name}, {target.outcome}"
        return Effect(name=name, label=label, value=reached, low=ends[0], high=ends[1], level=context.level, unit=unit)
    if target.quantity == "quantile":
        raise NotApplicable(
            "Too many rows are still without the event when follow-up ends, so that quantile of the survival is not reached."
        )
    time = horizon_of(follow_up, {"all rows": follow_up})
    z = -quantile((1 - context.level) / 2, None)
    survival, greenwood = curve.at(time)
    ends = survival_ends(survival, greenwood, follow_up.n, z)
    return Effect(
        name=name, label=f"{name} at {time:g} of {target.outcome}", value=survival, low=ends[0], high=ends[1], level=context.level
    )


def draw_kaplan_meier(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """The curve, or the groups' curves with the time at which they are compared."""
    follow_up = follow_up_of(sample, design)
    arms = arms_of(sample, design) if design.target.predictors else {"all rows": follow_up}
    draw_curves(axes, arms, sample, design, result, horizon_of(follow_up, arms) if design.target.predictors else None)


def preferred(case: Case) -> str | None:
    """A censored duration between groups."""
    first = case.card.column(case.target.predictors[0]) if case.target.predictors else None
    if case.target.event is None or first is None or not first.kind.categorical or case.covariates:
        return None
    if case.task == "estimate" or case.expects == "estimate" or len(case.target.predictors) > 1:
        return None
    return "durations that may be cut off before the event are compared between groups, over the whole of the follow-up"


def preferred_estimate(case: Case) -> str | None:
    """How long, where some durations are cut off."""
    if case.target.event is None or not (case.task == "estimate" or case.expects == "estimate"):
        return None
    return "some durations are cut off before the event, and an estimate that takes them for complete would be too short"


LOG_RANK = Method(
    name="log_rank",
    title="Log-rank test",
    summary="Whether the time until an event differs between groups, where some rows were followed for less than that.",
    estimand="hazard ratio of two groups, above 1 where the event comes sooner in the first; of more, the share R² of the events",
    source="Mantel 1966, Cancer Chemother Rep 50:163; hazard ratio and interval by its score; difference of restricted means: "
    "Royston and Parmar 2013, BMC Med Res Methodol 13:152; R²: O'Quigley, Xu and Stare 2005, Stat Med 24:479",
    tasks=("compare",),
    needs=Needs(
        outcome=NUMERIC,
        predictor=GROUPING,
        predictors=(1, 1),
        groups=(2, None),
        event=True,
        takes=frozenset({"stratum"}),
        rows=10,
        per_group=3,
    ),
    run=log_rank,
    draw=draw_log_rank,
    sensitivity=("cox_regression",),
    prefer=preferred,
    asked_for=r"\blog[- ]?rank\b",
    assumption="By rule, a duration that was cut off before its event counts as longer than that, as long as it was followed.",
)

KAPLAN_MEIER = Method(
    name="kaplan_meier",
    title="Kaplan–Meier estimate",
    summary="How long until an event, or what share is still without it, where some rows were followed for less than that.",
    estimand="median (or other quantile, or restricted mean) of the time until the event; of two groups, the difference of their "
    "survival at the median time",
    source="Kaplan and Meier 1958, JASA 53:457; intervals by log(−log S), Kalbfleisch and Prentice 1980, of quantiles by "
    "Brookmeyer and Crowley 1982, Biometrics 38:29, of a difference by Zou and Donner 2008, Stat Med 27:1693",
    tasks=("estimate", "compare"),
    needs=Needs(outcome=NUMERIC, predictor=GROUPING, predictors=(0, 1), groups=(2, 2), event=True, rows=5, per_group=3),
    run=kaplan_meier,
    draw=draw_kaplan_meier,
    prefer=preferred_estimate,
    asked_for=r"\bkaplan[- –]?meier\b|\bsurvival (?:curve|probabilit)",
    assumption="By rule, a duration that was cut off before its event counts as longer than that, as long as it was followed.",
)

METHODS: tuple[Method, ...] = (LOG_RANK, KAPLAN_MEIER)
