"""Which methods fit which columns, and why the others do not."""

import pytest

from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind, Level, Trap
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.hypothesis import Target
from kosmos_graph.domain.study_sheet import SmallestEffect, StudySheet
from kosmos_graph.experiments.applicability import applicable_methods, objections, refusal, with_delta
from kosmos_graph.experiments.catalogue import CATALOGUE

SHEET = StudySheet()
DELTA = StudySheet(smallest_effect=SmallestEffect(value=2.0, source="user"))


def levels(name, **sizes):
    found = tuple(Level(name=level, n=n) for level, n in sizes.items())
    kind = Kind.BINARY if len(found) == 2 else Kind.NOMINAL
    return ColumnCard(name=name, kind=kind, missing=0, distinct=len(found), levels=found)


def number(name, distinct=80, missing=0):
    return ColumnCard(name=name, kind=Kind.CONTINUOUS, missing=missing, distinct=distinct, low=0.0, high=9.0)


def data(*more, rows=100, traps=()):
    columns = (
        number("y"),
        number("x"),
        number("z"),
        number("y_before"),
        levels("two", a=50, b=50),
        levels("three", a=40, b=30, c=30),
        levels("won", no=60, yes=40),
        levels("rare", no=96, yes=4),
        ColumnCard(
            name="grade", kind=Kind.ORDINAL, missing=0, distinct=3, levels=tuple(Level(name=n, n=33) for n in ("low", "mid", "top"))
        ),
        ColumnCard(name="when", kind=Kind.DATETIME, missing=0, distinct=rows, earliest="2000-01-01", latest="2010-01-01"),
        ColumnCard(name="who", kind=Kind.IDENTIFIER, missing=0, distinct=50),
        *more,
    )
    return DataCard(name="d.csv", path="d.csv", sha256="0" * 64, format="csv", rows=rows, columns=columns, traps=traps)


def target(outcome="y", *predictors, **more):
    return Target(dataset="d.csv", outcome=outcome, predictors=predictors, **more)


def preferred(task, chosen, *, expects="effect", sheet=SHEET, covariates=(), card=None):
    choices = applicable_methods(card or data(), sheet, task, expects, chosen, covariates)
    assert [choice.preferred for choice in choices] == [place == 0 for place in range(len(choices))]
    return choices[0].method if choices else None


DEFAULTS = [
    ("compare", target("y", "two"), "welch_t"),
    ("compare", target("y", "three"), "welch_anova"),
    ("compare", target("y", "three", levels=("a", "c")), "welch_t"),
    ("compare", target("y", "three", filters=(Filter(column="three", operator="in", value=("a", "b")),)), "welch_t"),
    ("compare", target("y", reference=4.0), "one_sample_t"),
    ("compare", target("won", reference=0.5, success="yes"), "one_sample_proportion"),
    ("compare", target("won", "two", success="yes"), "risk_difference"),
    ("compare", target("rare", "two", success="yes"), "boschloo_exact"),
    ("compare", target("grade", "two"), "mann_whitney"),
    ("compare", target("grade", "three"), "kruskal_wallis"),
    ("associate", target("won", "three", success="yes"), "chi_square"),
    ("associate", target("three", "two"), "chi_square"),
    ("associate", target("y", "x"), "linear_regression"),
    ("associate", target("won", "x", success="yes"), "logistic_regression"),
    ("associate", target("grade", "x"), "spearman"),
    ("associate", target("y", "two"), "welch_t"),
    ("change", target("y", baseline="y_before"), "paired_t"),
    ("change", target("y", "two", levels=("a", "b"), pair="who"), "paired_t"),
    ("change", target("won", "two", levels=("a", "b"), pair="who", success="yes"), "mcnemar"),
    ("trend", target("y", time="when"), "trend_hac"),
    ("step", target("y", time="when", change_at="2005-01-01"), "step_hac"),
    ("estimate", target("y", quantity="mean"), "estimate"),
    ("estimate", target("won", quantity="proportion", success="yes"), "estimate"),
]


@pytest.mark.parametrize(("task", "chosen", "method"), DEFAULTS)
def test_the_default_follows_from_the_kinds_of_the_columns(task, chosen, method):
    expects = "estimate" if task == "estimate" else "effect"
    assert preferred(task, chosen, expects=expects) == method


def test_every_default_gives_its_reason_without_a_digit():
    for task, chosen, _ in DEFAULTS:
        expects = "estimate" if task == "estimate" else "effect"
        reason = applicable_methods(data(), SHEET, task, expects, chosen)[0].reason
        assert reason and not any(letter.isdigit() for letter in reason)


def test_whatever_is_applicable_has_no_objection_and_all_else_of_its_task_has_one():
    for task, chosen, _ in DEFAULTS:
        expects = "estimate" if task == "estimate" else "effect"
        admitted = {choice.method for choice in applicable_methods(data(), SHEET, task, expects, chosen)}
        for name, method in CATALOGUE.items():
            if name in admitted:
                assert objections(method, data(), SHEET, chosen) == ()
            elif task in method.tasks:
                assert objections(method, data(), SHEET, chosen), name


def test_covariates_turn_a_comparison_into_an_adjusted_one():
    assert preferred("compare", target("y", "two"), covariates=("x",)) == "ancova"
    assert preferred("affect", target("y", "two"), covariates=("x",)) == "linear_regression"
    assert preferred("affect", target("y", "two"), covariates=("x",), sheet=StudySheet(design="randomised")) == "ancova"
    assert preferred("compare", target("y", "three"), covariates=("x",)) == "linear_regression"
    assert preferred("compare", target("won", "two", success="yes"), covariates=("x",)) == "logistic_regression"


def test_no_difference_is_tested_for_equivalence_only_with_a_stated_margin():
    same = target("y", "two")
    assert preferred("compare", same, expects="no effect", sheet=DELTA) == "tost"
    assert preferred("compare", same, expects="no effect") == "welch_t"
    assert preferred("change", target("y", baseline="y_before"), expects="no effect", sheet=DELTA) == "paired_tost"
    assert preferred("compare", target("y", reference=4.0), expects="no effect", sheet=DELTA) == "one_sample_tost"
    assert "tost" not in {choice.method for choice in applicable_methods(data(), DELTA, "compare", "effect", same)}


def test_rows_of_the_same_unit_refuse_methods_for_independent_rows():
    repeated = data(traps=(Trap(kind="repeated ids", column="who", n=50, detail="two rows each"),))
    assert preferred("compare", target("y", "two"), card=repeated) is None
    assert "who has several rows" in refusal(repeated, SHEET, "compare", "effect", target("y", "two"))
    assert preferred("change", target("y", "two", levels=("a", "b"), pair="who"), card=repeated) == "paired_t"


def test_one_row_for_each_unit_is_independent_again():
    repeated = data(
        levels("visit", first=50, second=50), traps=(Trap(kind="repeated ids", column="who", n=50, detail="two rows each"),)
    )
    first = Filter(column="visit", operator="==", value="first")
    assert preferred("compare", target("y", "two", filters=(first,)), card=repeated) == "welch_t"


def test_a_declared_cluster_refuses_independent_methods():
    clustered = data(levels("school", a=25, b=25, c=25, d=25))
    sheet = StudySheet(design="cluster", cluster="school")
    assert preferred("compare", target("y", "two"), card=clustered, sheet=sheet) is None


def test_an_ordered_series_refuses_plain_correlations_and_offers_time():
    series = data(traps=(Trap(kind="ordered series", column="when", n=100, detail="one row each"),))
    assert preferred("associate", target("y", "x"), card=series) is None
    assert "points in time" in refusal(series, SHEET, "associate", "effect", target("y", "x"))
    assert preferred("trend", target("y", time="when"), card=series) == "trend_hac"
    assert preferred("estimate", target("y", quantity="mean"), expects="estimate", card=series) == "estimate"


def test_the_users_declared_design_beats_a_series_that_the_profile_suspects():
    series = data(traps=(Trap(kind="ordered series", column="when", n=100, detail="one row each"),))
    declared = StudySheet(design="observational", declared=("design",))
    assert preferred("associate", target("y", "x"), card=series, sheet=declared) == "linear_regression"


def test_a_short_series_is_described():
    assert preferred("trend", target("y", time="when"), card=data(rows=39)) == "estimate"
    assert preferred("trend", target("y", time="when"), card=data(rows=40)) == "trend_hac"


def test_a_regression_needs_ten_rows_or_events_for_each_parameter():
    chosen = target("y", "x")
    assert preferred("affect", chosen, card=data(rows=29), covariates=("z", "two")) is None
    assert preferred("affect", chosen, card=data(rows=30), covariates=("z", "two")) == "linear_regression"
    assert "10 complete rows per parameter" in refusal(data(rows=29), SHEET, "affect", "effect", chosen, ("z", "two"))
    events = target("rare", "x", success="yes")
    assert "events" in refusal(data(), SHEET, "affect", "effect", events)


def test_a_group_with_too_few_rows_refuses_the_test_and_says_which():
    small = data(levels("side", left=98, right=2))
    assert "right has 2" in " ".join(objections(CATALOGUE["welch_t"], small, SHEET, target("y", "side")))


def test_columns_that_do_not_exist_or_have_two_parts_are_objected_to():
    welch, line = CATALOGUE["welch_t"], CATALOGUE["linear_regression"]
    assert "no column nothing" in objections(welch, data(), SHEET, target("nothing", "two"))[0]
    assert objections(line, data(), SHEET, target("y", "y"))
    assert objections(line, data(), SHEET, target("y", "x"), ("x",))
    assert objections(welch, data(), SHEET, target("y", "two"), ("x",))
    assert objections(CATALOGUE["partial_correlation"], data(), SHEET, target("y", "x"))


def test_pairing_is_never_ignored():
    assert objections(CATALOGUE["welch_t"], data(), SHEET, target("y", "two", levels=("a", "b"), pair="who"))
    assert objections(CATALOGUE["paired_t"], data(), SHEET, target("y", "two"))


def test_two_ordinal_columns_are_compared_by_their_ranks():
    other = ColumnCard(
        name="rank", kind=Kind.ORDINAL, missing=0, distinct=3, levels=tuple(Level(name=n, n=33) for n in ("i", "ii", "iii"))
    )
    target = Target(dataset="d.csv", outcome="grade", predictors=("rank",))
    assert applicable_methods(data(other), SHEET, "associate", "effect", target)[0].method == "kendall"


def test_a_median_is_compared_with_a_value_by_ranks_alone():
    target = Target(dataset="d.csv", outcome="y", reference=3.0, quantity="quantile", quantile=0.5)
    assert [choice.method for choice in applicable_methods(data(), SHEET, "compare", "effect", target)] == ["one_sample_wilcoxon"]


def test_the_smallest_effect_speaks_of_the_primary_outcome_alone():
    sheet = DELTA.model_copy(update={"primary_outcome": "x"})
    target = Target(dataset="d.csv", outcome="y", predictors=("two",), levels=("a", "b"))
    assert any("δ" in sentence for sentence in objections(CATALOGUE["tost"], data(), sheet, target))
    assert not objections(CATALOGUE["tost"], data(), with_delta(sheet, "y", DELTA.smallest_effect), target)


def test_two_values_of_a_number_may_be_the_moments_of_pairs():
    year = ColumnCard(name="year", kind=Kind.COUNT, missing=0, distinct=2, low=1990.0, high=2000.0)
    target = Target(dataset="d.csv", outcome="y", predictors=("year",), levels=("2000", "1990"), pair="who")
    assert applicable_methods(data(year), SHEET, "change", "effect", target)[0].method == "paired_t"
    assert objections(CATALOGUE["paired_t"], data(year), SHEET, target.model_copy(update={"levels": None}))


def test_units_with_several_rows_at_a_level_make_no_pairs():
    few = ColumnCard(name="site", kind=Kind.IDENTIFIER, missing=0, distinct=5)
    target = Target(dataset="d.csv", outcome="y", predictors=("two",), levels=("a", "b"), pair="site")
    assert any("which rows make a pair" in sentence for sentence in objections(CATALOGUE["paired_t"], data(few), SHEET, target))
