"""Units measured at three and more levels: analysis of variance within units, and Friedman's test of their ranks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Measure, Term, TestResult
from kosmos_graph.experiments.catalogue.describe import describe, mean, skewness_caveats, skewness_measures
from kosmos_graph.experiments.catalogue.group_plots import MOST_PAIRS, name_levels
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC, RANKED
from kosmos_graph.experiments.catalogue.location import largest, mean_location
from kosmos_graph.experiments.catalogue.noncentrality import f_below, noncentrality_interval, one_tail_caveat
from kosmos_graph.experiments.catalogue.observed import Arm, numbers
from kosmos_graph.experiments.catalogue.omega import OmnibusF, detectable_share, explained_ends
from kosmos_graph.experiments.catalogue.plots import BLUE, INK, headline
from kosmos_graph.experiments.catalogue.result import result_of
from kosmos_graph.experiments.catalogue.tails import p_value, t_interval
from kosmos_graph.experiments.design_matrix import FloatArray
from kosmos_graph.experiments.method import Case, Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.multiplicity import holm
from kosmos_graph.experiments.plain_text import axis_label, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_UNITS = 5
EXACT = 1e-12
MOST_LEVELS = 8
"""Levels up to which pairs are compared."""
SMALL = 12


@dataclass(frozen=True)
class Table:
    """`values` (units × levels) of the outcome, complete; `numeric` is false where they are codes of ordered levels."""

    levels: tuple[str, ...]
    values: FloatArray
    numeric: bool

    @property
    def units(self) -> int:
        """Number of units."""
        return int(self.values.shape[0])

    @property
    def k(self) -> int:
        """Number of levels."""
        return int(self.values.shape[1])

    def arms(self) -> tuple[Arm, ...]:
        """The values at each level."""
        return tuple(Arm(level, self.values[:, place], self.numeric) for place, level in enumerate(self.levels))


def table_of(sample: Sample, design: Design, *, numeric: bool) -> Table:
    """A row per unit and a column per level. Raises NotApplicable for fewer than three levels, few units, or a constant outcome."""
    target = design.target
    if target.pair is None or not target.predictors:
        raise NotApplicable("Repeated measurements need a column that identifies the units and one whose levels tell them apart.")
    values, is_number = numbers(sample.frame, target.outcome)
    if numeric and not is_number:
        raise NotApplicable("The outcome is an ordered level without a unit; use a method for ranks.")
    by = sample.frame[target.predictors[0]]
    levels = tuple(str(level) for level in by.cat.remove_unused_categories().cat.categories)
    if len(levels) < 3:
        raise NotApplicable(f"Three or more levels are to be compared within units, but there are {len(levels)}.")
    codes = by.cat.remove_unused_categories().cat.codes.to_numpy()
    units, rows = np.unique(sample.frame[target.pair].astype(str).to_numpy(), return_inverse=True)
    if len(units) < LEAST_UNITS:
        raise NotApplicable(f"Complete units left after exclusions: {len(units)}; this method needs at least {LEAST_UNITS}.")
    if len(rows) != len(units) * len(levels):
        raise NotApplicable("Not every unit has one row at each level.")
    table = np.empty((len(units), len(levels)))
    table[rows, codes] = values
    if np.ptp(table) == 0:
        raise NotApplicable("All values of the outcome are equal, so there is nothing to compare.")
    return Table(levels, table, is_number)


def require_undirected(design: Design) -> None:
    """Raise NotApplicable for a one-sided alternative."""
    if design.alternative != "two-sided":
        raise NotApplicable("A difference anywhere among several levels has no direction, so a one-sided test cannot be made.")


def helmert(k: int) -> FloatArray:
    """k − 1 orthonormal contrasts of k levels."""
    rows = [[1.0] * place + [-place] + [0.0] * (k - place - 1) for place in range(1, k)]
    return np.array([np.array(row) / math.hypot(*row) for row in rows])


@dataclass(frozen=True)
class WithinF:
    """F of the levels with its corrected degrees of freedom, and the two epsilons (1 where sphericity holds)."""

    found: OmnibusF
    greenhouse_geisser: float
    huynh_feldt: float
    share: float


def within_f(table: Table) -> WithinF:
    """F within units, its degrees of freedom times Greenhouse and Geisser's ε (1959, Psychometrika 24:95).

    Raises NotApplicable where the changes do not vary between units.
    """
    n, k = table.units, table.k
    origin = table.values[0, 0]
    scores = (table.values - origin) @ helmert(k).T
    means = scores.mean(axis=0)
    covariance = np.cov(scores, rowvar=False)
    trace, squares = float(np.trace(covariance)), float(np.sum(covariance**2))
    if not trace > (1e-14 * float(np.max(np.abs(table.values)))) ** 2 or trace <= EXACT**2 * float(means @ means):
        raise NotApplicable("All units change by the same amounts, so there is no variation to judge the changes by.")
    epsilon = min(1.0, trace**2 / ((k - 1) * squares))
    huynh = min(1.0, (n * (k - 1) * epsilon - 2) / ((k - 1) * (n - 1 - (k - 1) * epsilon))) if n - 1 > (k - 1) * epsilon else 1.0
    statistic = n * float(means @ means) / trace
    df = (epsilon * (k - 1), epsilon * (k - 1) * (n - 1))
    share = n * float(means @ means) / (n * float(means @ means) + (n - 1) * trace)
    return WithinF(OmnibusF(statistic, df, epsilon * n * k), epsilon, max(huynh, epsilon), share)


def by_unit(sample: Sample, design: Design) -> str:
    """What the effect is about."""
    return f"{design.target.outcome} between the levels of {design.target.predictors[0]}, within {design.target.pair}"


def pairwise(table: Table, level: float) -> tuple[Term, ...]:
    """Every pair's mean difference with Student's interval, not simultaneous, and Holm-adjusted p.

    Pairs whose difference is the same in every unit are left out.
    """
    if table.k > MOST_LEVELS:
        return ()
    found = {}
    for a, b in combinations(range(table.k), 2):
        changes, magnitude = table.values[:, a] - table.values[:, b], largest(table.values)
        try:
            found[f"{table.levels[a]} − {table.levels[b]}"] = mean_location(changes, "a pair's differences", magnitude)
        except NotApplicable:
            continue
    raw = {name: p_value(at.value / at.standard_error, at.df, "two-sided") for name, at in found.items()}
    adjusted = holm(raw, table.k * (table.k - 1) // 2)
    terms = []
    for name, at in found.items():
        low, high = t_interval(at.value, at.standard_error, at.df, "two-sided", level)
        terms.append(
            Term(
                name=name,
                estimate=at.value,
                low=low,
                high=high,
                statistic=at.value / at.standard_error,
                p_value=adjusted[name],
                adjustment="Holm, over all pairs",
                n=table.units,
            )
        )
    return tuple(terms)


def repeated_measures_anova(sample: Sample, design: Design, context: Context) -> TestResult:
    """Greenhouse–Geisser corrected F within units, with paired t terms."""
    require_undirected(design)
    table = table_of(sample, design, numeric=True)
    found = within_f(table)
    f = found.found
    low, high = explained_ends(f, context.level)
    label, arms = by_unit(sample, design), table.arms()
    residuals = Arm("changes within units", (table.values - table.values.mean(axis=1, keepdims=True) - level_means(table)).ravel())
    skew = skewness_measures((residuals,))
    return result_of(
        REPEATED_MEASURES_ANOVA,
        sample,
        design,
        statistic_name="F",
        statistic=f.statistic,
        df=f.df,
        p_value=f.p_value,
        effect=Effect(
            name="partial ω²", label=label, value=f.omega_squared, low=low, high=high, level=context.level, directed=False
        ),
        other_effects=(
            Effect(name="partial η²", label=label, value=found.share, low=None, high=None, level=context.level, directed=False),
        ),
        groups=tuple(describe(arm) for arm in arms),
        measures=(
            Measure(name="units", value=float(table.units), meaning=f"values of {design.target.pair} with a row at every level"),
            Measure(
                name="Greenhouse–Geisser ε",
                value=found.greenhouse_geisser,
                meaning="1 where all differences of two levels spread alike (sphericity); degrees of freedom are multiplied by it",
            ),
            Measure(name="Huynh–Feldt ε", value=found.huynh_feldt, meaning="a less cautious estimate of the same"),
            *skew,
        ),
        terms=pairwise(table, context.level),
        minimum_detectable=detectable_share(f, context.alpha),
        caveats=anova_caveats(table, f, low, context) + skewness_caveats(skew, table.units),
    )


def level_means(table: Table) -> FloatArray:
    """Each level's mean, from the mean of all."""
    return np.asarray(table.values.mean(axis=0) - table.values.mean(), dtype=np.float64)


def anova_caveats(table: Table, found: OmnibusF, low: float | None, context: Context) -> tuple[str, ...]:
    """What is left out, and how p and interval can differ."""
    said = list(one_tail_caveat(found.p_value, low, context.alpha, "partial ω²"))
    if table.k > MOST_LEVELS:
        said.append(f"There are more than {MOST_LEVELS} levels, so they were not compared pair by pair.")
    if context.delta is not None:
        said.append("δ is in units of the outcome, so it says nothing about a share of variance; equivalence was not tested.")
    return tuple(said)


@dataclass(frozen=True)
class RankSums:
    """Friedman's chi-square corrected for ties, mean ranks, and Kendall's W."""

    chi_square: float
    mean_ranks: FloatArray
    w: float
    error: float


def rank_sums(table: Table) -> RankSums:
    """Ranks within units (Friedman 1937, JASA 32:675). `error` is of a difference of two mean ranks.

    Raises NotApplicable where every unit has the same value at all levels.
    """
    n, k = table.units, table.k
    ranks = np.apply_along_axis(stats.rankdata, 1, table.values)
    spread = float(np.sum((ranks - (k + 1) / 2) ** 2))
    if spread == 0:
        raise NotApplicable("Every unit has the same value at all levels, so there is nothing to rank.")
    means = ranks.mean(axis=0)
    between = float(np.sum((means - (k + 1) / 2) ** 2))
    w = min(1.0, n * between / spread)
    return RankSums(n * (k - 1) * w, means, w, math.sqrt(2 * spread / (n * n * (k - 1))))


def friedman(sample: Sample, design: Design, context: Context) -> TestResult:
    """F of the ranks (Iman and Davenport 1980) with Kendall's W; chi-square and Dunn's pairs stand among the terms."""
    require_undirected(design)
    table = table_of(sample, design, numeric=False)
    found = rank_sums(table)
    n, k = table.units, table.k
    df = (k - 1 - 2 / n, (n - 1) * (k - 1 - 2 / n))
    least = math.exp(-(n - 1) * math.lgamma(k + 1))
    statistic = (n - 1) * found.w / (1 - found.w) if found.w < 1 - EXACT else None
    p = least if statistic is None else max(least, float(stats.f.sf(statistic, *df)))
    low, high = w_ends(statistic, df, table, context.level)
    low, high = 0.0 if low is not None and p > context.alpha else low, None if high is None else max(high, found.w)
    effect = Effect(
        name="Kendall's W", label=by_unit(sample, design), value=found.w, low=low, high=high, level=context.level, directed=False
    )
    return result_of(
        FRIEDMAN,
        sample,
        design,
        statistic_name=None if statistic is None else "F",
        statistic=statistic,
        df=() if statistic is None else df,
        p_value=p,
        effect=effect,
        groups=tuple(describe(arm) for arm in table.arms()),
        measures=rank_measures(table, found, design),
        terms=(
            Term(
                name="Friedman's chi-square",
                estimate=found.w,
                statistic=found.chi_square,
                p_value=float(stats.chi2.sf(found.chi_square, k - 1)),
                n=n,
            ),
            *dunn(table, found),
        ),
        caveats=friedman_caveats(table, statistic, least, context),
    )


def w_ends(statistic: float | None, df: tuple[float, float], table: Table, level: float) -> tuple[float | None, float | None]:
    """Ends of W from the interval of F's noncentrality λ, as λ / (λ + n(k − 1)): W of the expected ranks over their spread."""
    if statistic is None:
        return None, None
    size = table.units * (table.k - 1)
    low, high = noncentrality_interval(f_below(statistic, df), level)
    return None if low is None else low / (low + size), None if high is None else high / (high + size)


def rank_measures(table: Table, found: RankSums, design: Design) -> tuple[Measure, ...]:
    """Units, ties, mean ranks."""
    ties = float(np.mean([np.unique(row).size < row.size for row in table.values]))
    ranks = (
        Measure(name=f"mean rank, {level}", value=float(value), meaning=f"between 1 (lowest within each unit) and {table.k}")
        for level, value in zip(table.levels, found.mean_ranks, strict=True)
    )
    return (
        Measure(name="units", value=float(table.units), meaning=f"values of {design.target.pair} with a row at every level"),
        Measure(name="share of units with ties", value=ties, meaning="ranks are averaged within ties"),
        *ranks,
    )


def dunn(table: Table, found: RankSums) -> tuple[Term, ...]:
    """Differences of mean ranks over their error with Holm-adjusted normal p.

    Dunn 1964, Technometrics 6:241, with the error of ranks within units.
    """
    if table.k > MOST_LEVELS:
        return ()
    pairs = tuple(combinations(range(table.k), 2))
    differences = {f"{table.levels[a]} − {table.levels[b]}": float(found.mean_ranks[a] - found.mean_ranks[b]) for a, b in pairs}
    adjusted = holm({name: p_value(value / found.error, None, "two-sided") for name, value in differences.items()})
    return tuple(
        Term(
            name=f"mean rank, {name}",
            estimate=value,
            statistic=value / found.error,
            p_value=adjusted[name],
            adjustment="Dunn, Holm over all pairs",
            n=table.units,
        )
        for name, value in differences.items()
    )


def friedman_caveats(table: Table, statistic: float | None, least: float, context: Context) -> tuple[str, ...]:
    """How p and the interval are to be read."""
    said = [
        f"By chance W is about {1 / table.units:.2g} of so many units; the interval is approximate: where units agree, "
        "about 90 % of intervals at 95 % hold."
    ]
    if statistic is None:
        said.append("All units rank the levels alike; p is the smallest that so many units and levels allow.")
    if table.units < SMALL:
        said.append(f"There are {table.units} units, so p is approximate and cannot fall below {least:.2g}.")
    if table.k > MOST_LEVELS:
        said.append(f"There are more than {MOST_LEVELS} levels, so they were not compared pair by pair.")
    if context.delta is not None:
        said.append("δ is in units of the outcome, so it says nothing about ranks; equivalence was not tested.")
    return tuple(said)


def draw_profiles(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
    """A line per unit over the levels, with each level's mean and its interval, or its median and quartiles."""
    table = table_of(sample, design, numeric=False)
    means = result.method == REPEATED_MEASURES_ANOVA.name
    places = np.arange(table.k)
    chosen = np.linspace(0, table.units - 1, min(table.units, MOST_PAIRS)).round().astype(np.int64)
    axes.plot(places, table.values[chosen].T, "-", color=BLUE, lw=0.8, alpha=0.3, rasterized=True)
    if means:
        centre = np.array([mean(arm.values) for arm in table.arms()])
        half = within_half_widths(table, result.effect.level)
        below, above = half, half
    else:
        rule: Literal["linear", "inverted_cdf"] = "linear" if table.numeric else "inverted_cdf"
        low, centre, high = np.quantile(table.values, (0.25, 0.5, 0.75), axis=0, method=rule)
        below, above = centre - low, high - centre
    axes.errorbar(places, centre, yerr=[below, above], fmt="-D", color=INK, capsize=5, lw=2, ms=6, zorder=4)
    axes.set_xticks(places, [plain(level, 22 if table.k < 5 else 10) for level in table.levels])
    what = "mean with interval of what varies within units" if means else "median with quartiles"
    axes.set_xlabel(f"{axis_label(sample.card, design.target.predictors[0])}   ({table.units} units; black: {what})")
    axes.set_ylabel(axis_label(sample.card, design.target.outcome))
    if not table.numeric:
        name_levels(axes.yaxis, sample, design.target.outcome)
    headline(axes, result.effect)


def within_half_widths(table: Table, level: float) -> FloatArray:
    """Half widths of the levels' intervals, freed of the differences between units.

    Morey 2008, Tutor Quant Methods Psychol 4:61.
    """
    freed = table.values - table.values.mean(axis=1, keepdims=True)
    errors = np.std(freed, axis=0, ddof=1) * math.sqrt(table.k / (table.k - 1) / table.units)
    return np.asarray(float(stats.t.ppf((1 + level) / 2, table.units - 1)) * errors, dtype=np.float64)


def numeric_within(case: Case) -> str | None:
    """A number, measured at several levels on each unit."""
    outcome = case.card.column(case.target.outcome)
    if case.target.pair is None or outcome is None or not outcome.kind.numeric:
        return None
    return "a number is measured at several levels on the same units, so the changes within each unit are what counts"


def ranked_within(case: Case) -> str | None:
    """Ordered levels, measured at several levels on each unit."""
    outcome = case.card.column(case.target.outcome)
    if case.target.pair is None or outcome is None or outcome.kind.numeric:
        return None
    return "an ordered outcome is measured at several levels on the same units, and its steps have no size"


REPEATED_MEASURES_ANOVA = Method(
    name="repeated_measures_anova",
    title="Repeated-measures analysis of variance",
    summary="Whether the mean of a numeric outcome differs anywhere among three or more measurements of the same units.",
    estimand="partial ω², the share of the variance within units that goes with the levels",
    source="F within units with degrees of freedom times ε of Greenhouse and Geisser 1959, Psychometrika 24:95; interval: Steiger "
    "2004, Psychol Methods 9:164; pairs: paired t with Holm's correction",
    tasks=("change", "compare", "associate"),
    needs=Needs(outcome=NUMERIC, predictor=GROUPING, predictors=(1, 1), groups=(3, None), sampling="repeated", rows=LEAST_UNITS),
    run=repeated_measures_anova,
    draw=draw_profiles,
    sensitivity=("friedman",),
    prefer=numeric_within,
    asked_for=r"\brepeated[- ]measures?\b|\bwithin[- ]subjects?\b|\brm[- ]?anova\b",
    assumption="By rule, units are independent of each other, and only changes within them count.",
)

FRIEDMAN = Method(
    name="friedman",
    title="Friedman's test",
    summary="Whether an outcome tends to be higher in some of three or more measurements of the same units; uses ranks.",
    estimand="Kendall's W, how far the units agree on the order of the levels: 0 not at all, 1 wholly",
    source="Friedman 1937, JASA 32:675; F: Iman and Davenport 1980, Commun Stat A 9:571, as in Kendall and Babington Smith 1939, "
    "Ann Math Stat 10:275; pairs: Dunn 1964, Technometrics 6:241",
    tasks=("change", "compare", "associate"),
    needs=Needs(outcome=RANKED, predictor=GROUPING, predictors=(1, 1), groups=(3, None), sampling="repeated", rows=LEAST_UNITS),
    run=friedman,
    draw=draw_profiles,
    sensitivity=("repeated_measures_anova",),
    prefer=ranked_within,
    asked_for=r"\bfriedman\b|\bkendall'?s w\b|\bconcordance\b",
    assumption="By rule, measurements are ranked within each unit.",
)

METHODS: tuple[Method, ...] = (REPEATED_MEASURES_ANOVA, FRIEDMAN)
