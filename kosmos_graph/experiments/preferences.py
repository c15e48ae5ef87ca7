"""The table of preferences: which method is the default for which question and kinds of columns, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kosmos_graph.domain.data_card import ColumnCard, Kind
from kosmos_graph.experiments.counting import level_names, smallest_expected_count
from kosmos_graph.experiments.method import Case

EXPECTED_COUNT = 5.0
"""Smallest expected count of a table from which a score test is preferred to an exact one (Cochran 1954, Biometrics 10:417)."""


@dataclass(frozen=True)
class Facts:
    """What the rules look at in a case: its outcome, the first predictor, and which sort of question it is."""

    case: Case
    outcome: ColumnCard
    first: ColumnCard | None

    @property
    def estimates(self) -> bool:
        """Whether the question asks how much."""
        return self.case.task == "estimate" or self.case.expects == "estimate"

    @property
    def denies(self) -> bool:
        """Whether the question is whether there is no effect that matters."""
        return self.case.expects == "no effect" and not self.estimates

    @property
    def paired(self) -> bool:
        """Whether the target names pairs."""
        return self.case.target.baseline is not None or self.case.target.pair is not None

    @property
    def against(self) -> bool:
        """Whether one group is compared with a stated value."""
        return self._relates and (self.case.target.reference is not None or self.first is None)

    @property
    def groups(self) -> bool:
        """Whether groups are compared."""
        return self._relates and not self.against and self.first is not None and self.first.kind.categorical

    @property
    def slope(self) -> bool:
        """Whether an outcome is set against a number."""
        return self._relates and not self.against and not self.groups

    @property
    def _relates(self) -> bool:
        return self.asks("compare", "associate")

    def asks(self, *tasks: str) -> bool:
        """Whether the task is one of these, and a test is asked for."""
        return self.case.task in tasks and not self.estimates

    @property
    def two(self) -> bool:
        """Whether the first predictor makes two groups."""
        return len(level_names(self.case.card, self.case.target)) == 2

    @property
    def adjusted(self) -> bool:
        """Whether there are covariates."""
        return bool(self.case.covariates)

    @property
    def median(self) -> bool:
        """Whether the question is about a quantile."""
        return self.case.target.quantity == "quantile"

    @property
    def few_expected(self) -> bool:
        """Whether a cell of the table of both columns expects too few rows for a score test."""
        smallest = smallest_expected_count(self.case.card, self.case.target)
        return smallest is not None and smallest < EXPECTED_COUNT

    def is_a(self, *kinds: Kind) -> bool:
        """Whether the outcome is of one of these kinds."""
        return self.outcome.kind in kinds


@dataclass(frozen=True)
class Rule:
    """`method` is the default where `holds`, for a reason in words."""

    method: str
    reason: str
    holds: Callable[[Facts], bool]


SAME = "the question is whether there is no difference beyond the smallest one that matters"
SHORT = "the series has too few points for a test that allows for dependence in time, so it is described"
NUMBERS = "two numbers: {}, and the errors allow unequal spread"
BINARY, NOMINAL, ORDINAL = Kind.BINARY, Kind.NOMINAL, Kind.ORDINAL

RULES: tuple[Rule, ...] = (
    Rule(
        "estimate", "the question asks how much, so an estimate with its interval answers it, and no test", lambda of: of.estimates
    ),
    Rule("one_sample_tost", SAME, lambda of: of.denies and of.case.target.reference is not None),
    Rule("paired_tost", SAME, lambda of: of.denies and of.case.target.reference is None and of.paired),
    Rule("tost", SAME, lambda of: of.denies and of.case.target.reference is None and not of.paired),
    Rule("mcnemar", "a yes/no outcome is measured twice on the same units", lambda of: of.asks("change") and of.is_a(BINARY)),
    Rule(
        "sign_test",
        "an ordered outcome is measured twice on the same units, and its steps have no size",
        lambda of: of.asks("change") and of.is_a(ORDINAL),
    ),
    Rule(
        "paired_t",
        "a number is measured twice on the same units, so the change within each unit is what counts",
        lambda of: of.asks("change") and not of.is_a(BINARY, ORDINAL),
    ),
    Rule(
        "bootstrap_interval",
        "the question is about a median or another quantile of two groups, and not about their means",
        lambda of: of.asks("compare") and of.median and of.two,
    ),
    Rule(
        "quantile_regression",
        "the question is about a median or another quantile of several groups, and not about their means",
        lambda of: of.asks("compare") and of.median,
    ),
    Rule("trend_hac", "the rows are points in time, and neighbouring ones may depend on each other", lambda of: of.asks("trend")),
    Rule("step_hac", "the rows are points in time, and the question names the date of a change", lambda of: of.asks("step")),
    Rule("estimate", SHORT, lambda of: of.asks("trend", "step")),
    Rule(
        "ancova",
        "the groups were assigned at random, and adjusting for what was known before sharpens the comparison",
        lambda of: (
            of.asks("affect") and of.case.sheet.design == "randomised" and of.two and of.adjusted and of.outcome.kind.numeric
        ),
    ),
    Rule(
        "logistic_regression",
        "a yes/no outcome, with the other columns held constant",
        lambda of: of.asks("affect") and of.is_a(BINARY),
    ),
    Rule(
        "linear_regression",
        "a numeric outcome, with the other columns held constant and errors that allow unequal spread",
        lambda of: of.asks("affect"),
    ),
    Rule(
        "one_sample_wilcoxon",
        "a median is compared with a stated value, so the centre of the ranks is compared with it",
        lambda of: of.against and of.median,
    ),
    Rule(
        "one_sample_proportion",
        "a proportion is compared with a stated value",
        lambda of: of.against and not of.median and of.is_a(BINARY),
    ),
    Rule("one_sample_t", "a mean is compared with a stated value", lambda of: of.against and not of.median),
    Rule(
        "kendall",
        "both columns have ordered levels whose steps have no size, so their ranks are compared",
        lambda of: (
            of.groups
            and of.is_a(ORDINAL)
            and of.first is not None
            and of.first.kind == ORDINAL
            and of.case.target.levels is None
            and not of.adjusted
        ),
    ),
    Rule(
        "logistic_regression",
        "a yes/no outcome between groups, with the covariates held constant",
        lambda of: of.groups and of.is_a(BINARY) and of.adjusted,
    ),
    Rule(
        "boschloo_exact",
        "two proportions, and the smallest group with the overall share of successes expects too few for a score test",
        lambda of: of.groups and of.is_a(BINARY) and of.two and of.few_expected,
    ),
    Rule(
        "risk_difference",
        "two proportions are compared, and their difference has a plain meaning",
        lambda of: of.groups and of.is_a(BINARY) and of.two,
    ),
    Rule(
        "chi_square",
        "both columns have levels, and the test asks whether they go together",
        lambda of: of.groups and of.is_a(BINARY, NOMINAL),
    ),
    Rule(
        "mann_whitney",
        "the outcome's levels are ordered and their steps have no size, so ranks are compared",
        lambda of: of.groups and of.is_a(ORDINAL) and of.two,
    ),
    Rule(
        "kruskal_wallis",
        "the outcome's levels are ordered and their steps have no size, so ranks are compared",
        lambda of: of.groups and of.is_a(ORDINAL) and not of.two,
    ),
    Rule(
        "ancova",
        "two groups are compared at equal covariates",
        lambda of: of.groups and not of.is_a(BINARY, NOMINAL, ORDINAL) and of.adjusted,
    ),
    Rule(
        "linear_regression",
        "groups are compared with the covariates held constant",
        lambda of: of.groups and not of.is_a(BINARY, NOMINAL, ORDINAL) and of.adjusted,
    ),
    Rule(
        "welch_t",
        "two independent groups and a numeric outcome; their spreads may differ, so no pre-test is needed",
        lambda of: of.groups and not of.is_a(BINARY, NOMINAL, ORDINAL) and not of.adjusted and of.two,
    ),
    Rule(
        "welch_anova",
        "several independent groups and a numeric outcome; their spreads may differ, so no pre-test is needed",
        lambda of: of.groups and not of.is_a(BINARY, NOMINAL, ORDINAL) and not of.adjusted and not of.two,
    ),
    Rule("logistic_regression", "a yes/no outcome against a number", lambda of: of.slope and of.is_a(BINARY)),
    Rule("spearman", "ordered levels against a number, so ranks are compared", lambda of: of.slope and of.is_a(ORDINAL)),
    Rule(
        "linear_regression",
        NUMBERS.format("with the covariates held constant"),
        lambda of: of.slope and not of.is_a(BINARY, ORDINAL) and of.adjusted,
    ),
    Rule(
        "linear_regression",
        NUMBERS.format("the slope has the units of the data"),
        lambda of: of.slope and not of.is_a(BINARY, ORDINAL) and not of.adjusted,
    ),
)
"""The defaults; of several that hold, the first is the most preferred."""


def preferences(case: Case) -> Iterator[tuple[str, str]]:
    """Preferred methods with the reason in words, the most preferred first."""
    outcome = case.card.column(case.target.outcome)
    if outcome is None:
        return
    first = case.card.column(case.target.predictors[0]) if case.target.predictors else None
    facts = Facts(case, outcome, first)
    yield from ((rule.method, rule.reason) for rule in RULES if rule.holds(facts))


def reasons_for(method: str) -> tuple[str, ...]:
    """Why the table prefers a method, wherever it does, without repeats."""
    return tuple(dict.fromkeys(rule.reason for rule in RULES if rule.method == method))
