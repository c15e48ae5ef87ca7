"""Tables of two categorical variables: the chi-square test of r×c tables, and McNemar's test of paired ones."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Effect, Group, Measure, Term, TestResult
from kosmos_graph.experiments.catalogue.charts import draw_pair_shares, draw_residuals
from kosmos_graph.experiments.catalogue.counts import CrossTable, Tally, cross_table, paired_counts, success_level
from kosmos_graph.experiments.catalogue.kinds import GROUPING
from kosmos_graph.experiments.catalogue.noncentrality import (
    chi_square_below,
    noncentrality_at,
    noncentrality_interval,
    one_tail_caveat,
)
from kosmos_graph.experiments.catalogue.observed import FloatArray, pair_labels
from kosmos_graph.experiments.catalogue.proportion_intervals import (
    PairedCounts,
    newcombe_paired,
    normal_quantile,
    open_ended,
    paired_equivalence,
)
from kosmos_graph.experiments.catalogue.result import result_of
from kosmos_graph.experiments.catalogue.tails import tail_areas
from kosmos_graph.experiments.method import Context, Method, Needs, NotApplicable, Sample
from kosmos_graph.experiments.power import minimum_detectable

SMALL_COUNT = 5


def require_two_sided(design: Design, what: str) -> None:
    """Raise NotApplicable where a one-sided alternative is asked of a test that has no direction."""
    if design.alternative != "two-sided":
        raise NotApplicable(f"{what} has no direction, so a one-sided alternative cannot be tested with it.")


def chi_square(sample: Sample, design: Design, context: Context) -> TestResult:
    """Pearson's chi-square test without correction, Cramér's V, and the adjusted residual of each cell."""
    require_two_sided(design, "The chi-square test")
    table = cross_table(sample, design)
    expected = expected_counts(table)
    statistic = float(np.sum((table.counts - expected) ** 2 / expected))
    shape = table.counts.shape
    df = (shape[0] - 1) * (shape[1] - 1)
    p = float(stats.chi2.sf(statistic, df))
    effect = cramers_v(statistic, table, context.level, f"{design.target.outcome} with {design.target.predictors[0]}")
    scarce = float(np.mean(expected < SMALL_COUNT)) > 0.2 or float(expected.min()) < 1
    return result_of(
        CHI_SQUARE,
        sample,
        design,
        statistic_name="chi-square",
        statistic=statistic,
        df=(float(df),),
        p_value=p,
        effect=effect,
        groups=column_groups(table, sample, design),
        measures=(expected_measure(expected),),
        terms=residual_terms(table, expected, design),
        minimum_detectable=detectable_v(table, context.alpha),
        caveats=(
            *(("Several expected counts are small, so the chi-square p is only approximate.",) if scarce else ()),
            *one_tail_caveat(p, effect.low, context.alpha, effect.name),
        ),
    )


def expected_counts(table: CrossTable) -> FloatArray:
    """Counts to be expected if rows and columns were independent."""
    rows, columns = table.counts.sum(axis=1), table.counts.sum(axis=0)
    return np.asarray(np.outer(rows, columns) / table.counts.sum(), dtype=np.float64)


def expected_measure(expected: FloatArray) -> Measure:
    """The smallest expected count."""
    return Measure(
        name="smallest expected count", value=float(expected.min()), meaning="from 5 on in most cells, the p is accurate"
    )


def shrunk_sides(table: CrossTable) -> float:
    """The smaller side of the table less one, with Bergsma's correction of the number of levels."""
    n = int(table.counts.sum())
    return min(float(side - (side - 1) ** 2 / (n - 1)) for side in table.counts.shape) - 1


def v_of(noncentrality: float, table: CrossTable) -> float:
    """Cramér's V that a noncentrality stands for, at most 1."""
    sides = shrunk_sides(table)
    if sides <= 0:
        raise NotApplicable("There are hardly more rows than levels, so the table says nothing.")
    return min(1.0, math.sqrt(noncentrality / int(table.counts.sum()) / sides))


def cramers_v(statistic: float, table: CrossTable, level: float, label: str) -> Effect:
    """Bias-corrected Cramér's V (Bergsma 2013); its interval inverts the noncentral chi-square distribution."""
    n, (rows, columns) = int(table.counts.sum()), table.counts.shape
    df = (rows - 1) * (columns - 1)
    value = v_of(max(0.0, statistic - n * df / (n - 1)), table)
    ends = noncentrality_interval(chi_square_below(statistic, df), level)
    low, high = (None if end is None else v_of(end, table) for end in ends)
    return Effect(name="Cramér's V", label=label, value=value, low=low, high=high, level=level, directed=False)


def detectable_v(table: CrossTable, alpha: float) -> float | None:
    """V that the test detects with 80 % power."""
    df = (table.counts.shape[0] - 1) * (table.counts.shape[1] - 1)
    found = noncentrality_at(chi_square_below(float(stats.chi2.isf(alpha, df)), df), 0.2)
    return None if found is None else v_of(found, table)


def column_groups(table: CrossTable, sample: Sample, design: Design) -> tuple[Group, ...]:
    """The predictor's levels with their rows, and the successes among them where the outcome has two levels."""
    totals = [int(total) for total in table.counts.sum(axis=0)]
    if len(table.rows) != 2 or success_level(sample, design) not in table.rows:
        return tuple(Group(label=level, n=n) for level, n in zip(table.columns, totals, strict=True))
    hits = table.counts[table.rows.index(success_level(sample, design))]
    return tuple(Tally(level, int(k), n).as_group() for level, k, n in zip(table.columns, hits, totals, strict=True))


def adjusted_residuals(table: CrossTable, expected: FloatArray) -> FloatArray:
    """Deviations from independence that are standard normal under it (Haberman 1973, Biometrics 29:205)."""
    n = table.counts.sum()
    rows, columns = table.counts.sum(axis=1) / n, table.counts.sum(axis=0) / n
    return np.asarray((table.counts - expected) / np.sqrt(expected * np.outer(1 - rows, 1 - columns)), dtype=np.float64)


def residual_terms(table: CrossTable, expected: FloatArray, design: Design) -> tuple[Term, ...]:
    """One term per cell: its adjusted residual as the estimate, its count as n."""
    residuals = adjusted_residuals(table, expected)
    outcome, predictor = design.target.outcome, design.target.predictors[0]
    return tuple(
        Term(
            name=f"{outcome} {row}, {predictor} {column}: adjusted residual",
            estimate=float(residuals[i, j]),
            n=int(table.counts[i, j]),
        )
        for i, row in enumerate(table.rows)
        for j, column in enumerate(table.columns)
    )


def mcnemar(sample: Sample, design: Design, context: Context) -> TestResult:
    """Exact binomial test of the discordant pairs, whatever their number; without any, p is 1."""
    counts = paired_counts(sample, design)
    both, first, second, _ = counts
    n, discordant = sum(counts), first + second
    if max(counts) == n:
        raise NotApplicable(f"All {n} pairs have the same two outcomes, so there is nothing to compare.")
    a, b = pair_labels(sample, design)
    p = float(stats.binomtest(first, discordant, 0.5, alternative=design.alternative).pvalue) if discordant else 1.0
    return result_of(
        MCNEMAR,
        sample,
        design,
        p_value=p,
        effect=paired_difference(counts, f"{a} − {b}", design, context.level),
        other_effects=conditional_odds_ratio(counts, f"{a} / {b}", design, context.level),
        groups=(Tally(a, both + first, n).as_group(), Tally(b, both + second, n).as_group()),
        measures=(
            Measure(
                name="discordant pairs",
                value=float(discordant),
                meaning="pairs whose two outcomes differ; they alone decide the test",
            ),
        ),
        equivalence=paired_equivalence(counts, context.delta, context.alpha),
        minimum_detectable=minimum_detectable(math.sqrt(discordant) / n, None, context.alpha, design.alternative),
    )


def paired_difference(counts: PairedCounts, label: str, design: Design, level: float) -> Effect:
    """First minus second proportion with Newcombe's interval."""
    reach = normal_quantile(design.alternative, level)
    low, high = open_ended(newcombe_paired(counts, reach), design.alternative, -1, 1)
    value = (counts[1] - counts[2]) / sum(counts)
    return Effect(name="difference of paired proportions", label=label, value=value, low=low, high=high, level=level)


def conditional_odds_ratio(counts: PairedCounts, label: str, design: Design, level: float) -> tuple[Effect, ...]:
    """Ratio of the discordant counts with the interval that the exact binomial one gives; none where either is 0."""
    _, first, second, _ = counts
    if 0 in (first, second):
        return ()
    n = first + second
    below, above = tail_areas(design.alternative, level)
    low = None if below is None else odds(float(stats.beta.ppf(below, first, second + 1)))
    high = None if above is None else odds(float(stats.beta.isf(above, first + 1, second)))
    value = odds(first / n)
    return (Effect(name="conditional odds ratio", label=label, value=value, low=low, high=high, level=level, null=1.0),)


def odds(share: float) -> float:
    """Odds of a proportion below 1."""
    return share / (1 - share)


CHI_SQUARE = Method(
    name="chi_square",
    title="Chi-square test of independence",
    summary="Are two categorical variables associated, with any number of levels?",
    estimand="strength of association of two categorical variables (Cramér's V), without a direction",
    source="scipy.stats.chi2_contingency; V as in Bergsma 2013, J Korean Stat Soc 42:323; interval by noncentral chi-square",
    tasks=("associate", "compare"),
    needs=Needs(outcome=GROUPING, predictor=GROUPING, predictors=(1, 1), groups=(2, None), rows=10),
    run=chi_square,
    draw=draw_residuals,
    asked_for=r"\bchi[- ]?squared?\b|χ²",
)

MCNEMAR = Method(
    name="mcnemar",
    title="McNemar's exact test",
    summary="Did the proportion of a yes/no outcome change between two measurements of the same units?",
    estimand="difference of the proportions of the success level in paired measurements, A minus B",
    source="exact binomial test of the discordant pairs; interval of Newcombe 1998, Stat Med 17:2635, method 10",
    tasks=("change",),
    needs=Needs(outcome=frozenset({Kind.BINARY}), predictor=GROUPING, predictors=(0, 1), groups=(2, 2), sampling="paired", rows=5),
    run=mcnemar,
    draw=draw_pair_shares,
    asked_for=r"\bmcnemar",
)

METHODS: tuple[Method, ...] = (CHI_SQUARE, MCNEMAR)
