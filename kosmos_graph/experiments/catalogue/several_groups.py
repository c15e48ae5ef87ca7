"""Three and more independent groups: whether they differ anywhere, and whether they rise or fall in their order."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Term, TestResult
from kosmos_graph.experiments.catalogue.describe import (
    describe,
    mean,
    share_of_ties,
    skewness_caveats,
    skewness_measures,
    spread,
    spread_ratio,
)
from kosmos_graph.experiments.catalogue.games_howell import MOST_GROUPS, games_howell
from kosmos_graph.experiments.catalogue.group_plots import draw_groups
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC, RANKED
from kosmos_graph.experiments.catalogue.location import Location, largest
from kosmos_graph.experiments.catalogue.means import location_effect, t_result
from kosmos_graph.experiments.catalogue.noncentrality import one_tail_caveat
from kosmos_graph.experiments.catalogue.observed import Arm, several_groups
from kosmos_graph.experiments.catalogue.omega import OmnibusF, detectable_share, explained_ends, rank_f, welch_f
from kosmos_graph.experiments.catalogue.relative_effects import relative_f
from kosmos_graph.experiments.catalogue.result import result_of
from kosmos_graph.experiments.catalogue.stochastic import least_p
from kosmos_graph.experiments.catalogue.tails import positive_error
from kosmos_graph.experiments.method import Context, Method, Needs, NotApplicable, Sample

SMALL_GROUP = 10
"""Rows below which the bound on p is told."""


def _require_undirected(design: Design) -> None:
    if design.alternative != "two-sided":
        raise NotApplicable("A difference anywhere among several groups has no direction, so a one-sided test cannot be made.")


def _require_varied(arms: tuple[Arm, ...]) -> None:
    for arm in arms:
        positive_error(spread(arm.values) or 0.0, largest(arm.values), f"one group ({arm.n} rows)")


def _between(design: Design, sample: Sample) -> str:
    return f"{design.target.outcome} between the levels of {design.target.predictors[0]}"


def _welch_caveats(found: OmnibusF, low: float | None, arms: tuple[Arm, ...], context: Context) -> tuple[str, ...]:
    sentences = [*one_tail_caveat(found.p_value, low, context.alpha, "ω²")]
    if len(arms) > MOST_GROUPS:
        sentences.append(f"There are more than {MOST_GROUPS} groups, so they were not compared pair by pair.")
    if context.delta is not None:
        sentences.append("δ is in units of the outcome, so it says nothing about a share of variance; equivalence was not tested.")
    return tuple(sentences)


def _trend_term(arms: tuple[Arm, ...], sample: Sample, design: Design, context: Context) -> tuple[Term, ...]:
    """The linear contrast as a row of the table, where the levels are ordered."""
    if not _ordered(sample, design):
        return ()
    result = _contrast_result(arms, sample, design, context)
    effect = result.effect
    return (
        Term(
            name=f"linear contrast, {effect.label}",
            estimate=effect.value,
            low=effect.low,
            high=effect.high,
            statistic=result.statistic,
            p_value=result.p_value,
            n=result.n_analysed,
        ),
    )


def _ordered(sample: Sample, design: Design) -> bool:
    dtype = sample.frame[design.target.predictors[0]].dtype
    return isinstance(dtype, pd.CategoricalDtype) and bool(dtype.ordered)


def welch_anova(sample: Sample, design: Design, context: Context) -> TestResult:
    """Welch's F with ω²; every pair by Games and Howell, and the linear contrast where the levels are ordered, as terms."""
    _require_undirected(design)
    arms = several_groups(sample, design, least=2)
    _require_varied(arms)
    found = welch_f(arms)
    low, high = explained_ends(found, context.level)
    measures = skewness_measures(arms) + spread_ratio(arms)
    pairwise = games_howell(arms, context.level) if len(arms) <= MOST_GROUPS else ()
    return result_of(
        WELCH_ANOVA,
        sample,
        design,
        statistic_name="F",
        statistic=found.statistic,
        df=found.df,
        p_value=found.p_value,
        effect=Effect(
            name="ω²",
            label=_between(design, sample),
            value=found.omega_squared,
            low=low,
            high=high,
            level=context.level,
            directed=False,
        ),
        groups=tuple(describe(arm) for arm in arms),
        measures=measures,
        minimum_detectable=detectable_share(found, context.alpha),
        terms=_trend_term(arms, sample, design, context) + pairwise,
        caveats=_welch_caveats(found, low, arms, context) + skewness_caveats(measures, min(arm.n for arm in arms)),
    )


def _trend(arms: tuple[Arm, ...]) -> Location:
    """Change from the lowest to the highest level along the least-squares line through the group means."""
    k = len(arms)
    scores = np.arange(k) - (k - 1) / 2
    coefficients = (k - 1) * scores / float(scores @ scores)
    origin = mean(arms[0].values)
    means = np.array([mean(arm.values - origin) for arm in arms])
    errors = np.array([(spread(arm.values) or 0.0) / math.sqrt(arm.n) for arm in arms]) * coefficients
    error = positive_error(math.hypot(*errors), max(largest(arm.values) for arm in arms), "all groups")
    shares = (errors / error) ** 2
    df = 1 / float(sum(share**2 / (arm.n - 1) for share, arm in zip(shares, arms, strict=True)))
    return Location(float(coefficients @ means), error, df)


def _contrast_result(arms: tuple[Arm, ...], sample: Sample, design: Design, context: Context) -> TestResult:
    found = _trend(arms)
    label = f"{arms[-1].label} − {arms[0].label}, along the trend"
    measures = skewness_measures(arms) + spread_ratio(arms)
    effect = location_effect("linear trend over levels", label, found, sample, design, context)
    return t_result(LINEAR_CONTRAST, sample, design, context, found, effect=effect, standardised=None, arms=arms, measures=measures)


def linear_contrast(sample: Sample, design: Design, context: Context) -> TestResult:
    """Linear contrast of the means of ordered groups, levels taken as equally spaced; positive where means rise."""
    if not _ordered(sample, design):
        raise NotApplicable("The groups have no order, so no trend over them can be tested.")
    return _contrast_result(several_groups(sample, design, least=2), sample, design, context)


def _kruskal_caveats(found: OmnibusF | None, p: float, low: float | None, smallest: int, context: Context) -> Iterator[str]:
    if found is None:
        yield "The groups do not overlap, so no spread can be estimated; p is the smallest that the smallest group allows."
    yield "The interval of ε² is approximate: it is that of an F of the ranks that lets the spreads differ."
    yield from one_tail_caveat(p, low, context.alpha, "ε²")
    yield "The classic p of H stands among the terms: it assumes that, without an effect, all groups have one distribution."
    if smallest < SMALL_GROUP:
        yield f"The smallest group has {smallest} rows, so p cannot fall below {least_p((smallest, smallest), 'two-sided'):g}."
    if context.delta is not None:
        yield "δ is in units of the outcome, so it says nothing about a share of variance; equivalence was not tested."


def _epsilon_squared(share: float, found: OmnibusF, p: float, label: str, context: Context) -> Effect:
    low, high = explained_ends(found, context.level)
    upper = None if high is None else max(high, share)
    lower = 0.0 if p > context.alpha else low
    return Effect(name="ε²", label=label, value=share, low=lower, high=upper, level=context.level, directed=False)


def kruskal_wallis(sample: Sample, design: Design, context: Context) -> TestResult:
    """F of the relative effects with ε² = H / (n − 1); H and its classic p as a term."""
    _require_undirected(design)
    arms = several_groups(sample, design, least=2, numeric=False)
    values = np.concatenate([arm.values for arm in arms])
    if np.ptp(values) == 0:
        raise NotApplicable("All values of the outcome are equal, so there is nothing to rank.")
    smallest = min(arm.n for arm in arms)
    least = least_p((smallest, smallest), "two-sided")
    if least > context.alpha:
        raise NotApplicable(
            f"The smallest group has {smallest} rows, too few for a difference of ranks at {context.alpha:g}, however far apart "
            "the groups lie."
        )
    test = stats.kruskal(*(arm.values for arm in arms))
    share, of_ranks = rank_f(arms)
    found = relative_f([arm.values for arm in arms])
    p = least if found is None else max(found.p_value, least)
    effect = _epsilon_squared(share, found or of_ranks, p, _between(design, sample), context)
    return result_of(
        KRUSKAL_WALLIS,
        sample,
        design,
        statistic_name=None if found is None else "F",
        statistic=None if found is None else found.statistic,
        df=() if found is None else found.df,
        p_value=p,
        effect=effect,
        groups=tuple(describe(arm) for arm in arms),
        measures=(share_of_ties(values),),
        terms=(
            Term(
                name="Kruskal–Wallis H, if all groups spread alike",
                estimate=share,
                statistic=float(test.statistic),
                p_value=float(test.pvalue),
                n=values.size,
            ),
        ),
        minimum_detectable=detectable_share(of_ranks, context.alpha),
        caveats=tuple(_kruskal_caveats(found, p, effect.low, smallest, context)),
    )


WELCH_ANOVA = Method(
    name="welch_anova",
    title="Welch's analysis of variance",
    summary="Whether the means of a numeric outcome differ anywhere among three or more independent groups; spreads may differ.",
    estimand="ω², the share of the outcome's variance that lies between the groups",
    source="Welch 1951, Biometrika 38:330; Games and Howell 1976, J Educ Stat 1:113; ω² and interval: Carroll and Nordholm 1975, "
    "Educ Psychol Meas 35:541, Steiger 2004, Psychol Methods 9:164",
    tasks=("compare",),
    needs=Needs(outcome=NUMERIC, predictor=GROUPING, predictors=(1, 1), groups=(3, None), rows=9, per_group=3),
    run=welch_anova,
    draw=draw_groups,
    sensitivity=("kruskal_wallis",),
    asked_for=r"\banova\b|\banalysis of variance",
    assumption="By rule, several groups of a numeric outcome are compared by Welch's analysis of variance, pairs by "
    "Games and Howell.",
)

LINEAR_CONTRAST = Method(
    name="linear_contrast",
    title="Linear contrast over ordered groups",
    summary="Whether the mean of a numeric outcome rises or falls along three or more ordered groups; spreads may differ.",
    estimand="change of the mean from the lowest to the highest level along the linear trend of the group means",
    source="Welch 1947, Biometrika 34:28, with Satterthwaite's degrees of freedom for a contrast",
    tasks=("compare",),
    needs=Needs(outcome=NUMERIC, predictor=frozenset({Kind.ORDINAL}), predictors=(1, 1), groups=(3, None), rows=9, per_group=3),
    run=linear_contrast,
    draw=draw_groups,
    sensitivity=("welch_anova", "kruskal_wallis"),
)

KRUSKAL_WALLIS = Method(
    name="kruskal_wallis",
    title="Studentised Kruskal–Wallis test",
    summary="Whether a numeric or ordinal outcome tends to be higher in some of three or more independent groups; uses ranks.",
    estimand="ε², the share of the ranks' variance that lies between the groups",
    source="p and interval: F of relative effects, Brunner, Konietschke, Pauly and Puri 2017, J R Stat Soc B 79:1463; ε²: Kelley "
    "1935, PNAS 21:554; H: Kruskal and Wallis 1952, JASA 47:583",
    tasks=("compare",),
    needs=Needs(outcome=RANKED, predictor=GROUPING, predictors=(1, 1), groups=(3, None), rows=18, per_group=6),
    run=kruskal_wallis,
    draw=draw_groups,
    sensitivity=("welch_anova",),
    asked_for=r"\bkruskal",
)

METHODS = (WELCH_ANOVA, LINEAR_CONTRAST, KRUSKAL_WALLIS)
