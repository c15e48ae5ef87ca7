"""Which methods fit which columns, and why the others do not."""

from dataclasses import replace

import pytest

from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind, Level, Trap
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.hypothesis import Target
from kosmos_graph.domain.study_sheet import SmallestEffect, StudySheet
from kosmos_graph.experiments import applicability
from kosmos_graph.experiments.applicability import applicable_methods, objections, refusal, with_delta
from kosmos_graph.experiments.catalogue import CATALOGUE
from kosmos_graph.experiments.method import Method, Needs

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


NUMERIC = frozenset({Kind.CONTINUOUS, Kind.COUNT})
CATEGORICAL = frozenset({Kind.BINARY, Kind.NOMINAL, Kind.ORDINAL})
PARTS = (
    levels("died", no=70, yes=30),
    levels("school", a=25, b=25, c=25, d=25),
    levels("region", east=50, west=50),
    number("stands_for"),
    number("person_years"),
)


def made_up(**needs):
    """A method that needs one numeric predictor, and what is stated here."""
    stated = {"outcome": NUMERIC, "predictor": NUMERIC, "predictors": (1, 1), **needs}
    return Method(
        name="made_up",
        title="The method",
        summary="",
        estimand="",
        source="",
        tasks=("affect",),
        needs=Needs(**stated),
        run=lambda *_: pytest.fail("a method is never run to see whether it fits"),
        draw=lambda *_: pytest.fail("a method is never run to see whether it fits"),
    )


def against(method, chosen, covariates=(), *, card=None, sheet=SHEET):
    return objections(method, card or data(*PARTS), sheet, chosen, covariates)


STATED = [
    ({"event": True}, {"event": "died", "event_level": "yes"}, "a column that says whether the event happened"),
    ({"weight": True}, {"weight": "stands_for"}, "weights"),
    ({"sampling": "clustered"}, {"cluster": "school"}, "rows that hang together"),
    ({"time": True}, {"time": "when"}, "a column of times"),
    (
        {"interaction": True, "predictors": (2, 2)},
        {"interaction": True, "predictors": ("x", "z")},
        "two predictors whose effects may depend on each other",
    ),
]


@pytest.mark.parametrize(("needs", "parts", "words"), STATED, ids=lambda value: value if isinstance(value, str) else "")
def test_what_a_method_needs_must_be_stated_and_what_it_would_ignore_is_refused(needs, parts, words):
    predictors = parts.get("predictors", ("x",))
    plain = Target(dataset="d.csv", outcome="y", predictors=predictors)
    stated = plain.model_copy(update=parts)
    needing = made_up(**needs)
    ignoring = made_up(predictors=needs.get("predictors", (1, 1)))
    assert against(needing, stated) == against(ignoring, plain) == ()
    assert against(needing, plain)[0] == f"The method needs {words}."
    assert len(against(needing, plain)) == 1 or needs == {"event": True}
    assert against(ignoring, stated) == (f"The method would ignore {words}, which the design states.",)


@pytest.mark.parametrize(
    ("part", "column", "words"),
    [
        ("cluster", "school", "rows that hang together"),
        ("exposure", "person_years", "what the counts are counts per"),
        ("stratum", "region", "strata"),
        ("time", "when", "a column of times"),
    ],
)
def test_a_part_that_a_method_takes_may_be_stated_or_left_out(part, column, words):
    stated = target("y", "x", **{part: column})
    assert against(made_up(takes=frozenset({part})), stated) == ()
    assert against(made_up(takes=frozenset({part})), target("y", "x")) == ()
    assert against(made_up(), stated) == (f"The method would ignore {words}, which the design states.",)


@pytest.mark.parametrize(
    ("part", "column", "sentence"),
    [
        ("event", "x", "x is continuous, and cannot be the event: that takes a column that is binary."),
        ("weight", "region", "region is binary, and cannot be the weight: that takes a column that is continuous or count."),
        ("exposure", "region", "region is binary, and cannot be the exposure: that takes a column that is continuous or count."),
        ("cluster", "when", "when is date-time, and cannot be the cluster: that takes a column that is "),
        ("stratum", "z", "z is continuous, and cannot be the stratum: that takes a column that is "),
        ("cluster", "class", "The data have no column class."),
    ],
)
def test_a_column_of_a_kind_that_cannot_play_its_part_is_refused(part, column, sentence):
    (found,) = against(
        made_up(takes=frozenset({"cluster", "exposure", "stratum"})), target("y", "z" if column == "x" else "x", **{part: column})
    )
    assert found.startswith(sentence)


def test_the_level_that_says_that_the_event_happened_must_be_known():
    for level in (None, "perhaps"):
        assert against(made_up(event=True), target("y", "x", event="died", event_level=level)) == (
            "The method needs to be told which level of died says that the event happened: state it as `positive` in the study "
            "sheet's dictionary.",
        )


def test_units_measured_repeatedly_are_counted_and_each_has_one_row_a_level():
    repeated = made_up(sampling="repeated", predictor=CATEGORICAL, groups=(3, None), rows=30)
    assert against(repeated, target("y", "three", pair="who")) == ()
    assert against(repeated, target("y", "three")) == ("The method needs units measured repeatedly (a column of ids).",)
    fewer = ColumnCard(name="few", kind=Kind.IDENTIFIER, missing=0, distinct=39)
    assert any(
        "few has several rows at one level of three" in one
        for one in against(repeated, target("y", "three", pair="few"), card=data(fewer))
    )
    small = against(repeated, target("y", "three", pair="who"), card=data(rows=89))
    assert "The method needs 30 complete units, and at most 29 are left." in small


def test_rows_in_clusters_are_not_refused_as_dependent_and_the_clusters_are_counted():
    sheet = StudySheet(cluster="school")
    chosen = target("y", "x", cluster="school")
    assert against(made_up(sampling="clustered", clusters=4), chosen, sheet=sheet) == ()
    assert against(made_up(takes=frozenset({"cluster"})), chosen, sheet=sheet) == ()
    assert "school has several rows" in " ".join(against(made_up(), target("y", "x"), sheet=sheet))
    assert against(made_up(sampling="clustered", clusters=5), chosen, sheet=sheet) == (
        "The method needs 5 clusters, and school has 4.",
    )


def test_a_method_that_adjusts_needs_a_covariate_of_its_kinds():
    adjusting = made_up(covariates=NUMERIC, adjusts=True)
    assert against(adjusting, target("y", "x"), ("z",)) == ()
    assert against(adjusting, target("y", "x")) == ("The method needs a covariate.",)
    assert against(adjusting, target("y", "x"), ("two",)) == ("two is binary, which cannot be adjusted for.",)
    assert against(made_up(covariates=NUMERIC), target("y", "x")) == ()


def test_further_predictors_may_be_of_other_kinds_than_the_first():
    mixed = made_up(predictor=CATEGORICAL, predictors=(2, 2), second=NUMERIC)
    assert against(mixed, target("y", "two", "x")) == ()
    assert against(mixed, target("y", "two", "three")) == (
        "The method takes predictors that are continuous or count, and three is nominal.",
    )
    assert against(mixed, target("y", "x", "z")) == (
        "The method takes predictors that are binary or nominal or ordinal, and x is continuous.",
    )


@pytest.mark.parametrize(
    ("unit", "outcome", "parts", "have", "words"),
    [
        ("rows", "y", {}, 100, "complete rows"),
        ("rarer level", "rare", {}, 4, "events (rows with the rarer level of the outcome)"),
        ("events", "y", {"event": "died", "event_level": "yes"}, 30, "events"),
        ("events", "y", {"event": "died", "event_level": "no"}, 70, "events"),
    ],
)
def test_each_parameter_needs_ten_of_what_it_is_learnt_from(unit, outcome, parts, have, words):
    method = made_up(
        outcome=NUMERIC | CATEGORICAL,
        predictor=NUMERIC | CATEGORICAL,
        predictors=(1, None),
        per_parameter=unit,
        event="event" in parts,
    )
    more = [number(f"x{place}") for place in range(have // 10 + 1)]
    card = data(*PARTS, *more)
    names = [column.name for column in more]
    enough, too_many = target(outcome, *names[: have // 10], **parts), target(outcome, *names, **parts)
    if have >= 10:
        assert against(method, enough, card=card) == ()
    assert against(method, too_many, card=card) == (
        f"The method needs 10 {words} per parameter: there are {have} for {len(names)} parameters; name fewer predictors.",
    )


def test_an_interaction_counts_its_products_as_parameters():
    method = made_up(predictor=CATEGORICAL, predictors=(2, 2), interaction=True, per_parameter="rows")
    crossed = target("y", "two", "three", interaction=True)
    assert against(method, crossed, card=data(rows=50)) == ()
    assert "there are 49 for 5 parameters" in " ".join(against(method, crossed, card=data(rows=49)))


def test_a_question_about_a_median_is_refused_by_what_answers_about_means():
    median = target("y", quantity="quantile", quantile=0.5, reference=4.0)
    alone = {"predictor": frozenset(), "predictors": (0, 0), "reference": True}
    assert against(made_up(**alone, quantiles=True), median) == ()
    assert against(made_up(**alone), median) == ("The method compares a mean or a proportion, and the question is about a median.",)


def test_a_methods_own_reason_comes_before_the_table(monkeypatch):
    preferring = replace(CATALOGUE["mann_whitney"], prefer=lambda case: "ranks are wanted" if case.sheet.unit == "rank" else None)
    monkeypatch.setattr(applicability, "CATALOGUE", {**CATALOGUE, "mann_whitney": preferring})
    ranked = applicable_methods(data(), StudySheet(unit="rank"), "compare", "effect", target("y", "two"))
    assert [(one.method, one.reason) for one in ranked[:2]] == [
        ("mann_whitney", "ranks are wanted"),
        ("welch_t", "two independent groups and a numeric outcome; their spreads may differ, so no pre-test is needed"),
    ]
    assert applicable_methods(data(), SHEET, "compare", "effect", target("y", "two"))[0].method == "welch_t"


YEARS = Filter(column="year", operator="in", value=("1991", "1994"))
MOMENTS = data(
    levels("period", before=50, after=50),
    levels("meal", lunch=50, dinner=50),
    ColumnCard(name="year", kind=Kind.COUNT, missing=0, distinct=6, low=1991, high=1996),
)


@pytest.mark.parametrize(
    ("second", "filters", "why"),
    [
        ("period", (), None),
        ("year", (YEARS,), None),
        ("year", (), "Difference in differences compares two moments, and year has 6 values."),
        ("x", (), "Difference in differences compares two moments, and x has 80 values."),
        ("three", (), "Difference in differences compares two moments, and three has 3 values."),
        (
            "meal",
            (),
            "Difference in differences compares two moments, and which of lunch and dinner (meal) comes first is not clear: "
            "give their order in the study sheet.",
        ),
    ],
)
def test_a_difference_in_differences_needs_two_moments_in_order(second, filters, why):
    crossed = target("y", "two", second, interaction=True, levels=("a", "b"), filters=filters)
    found = objections(CATALOGUE["difference_in_differences"], MOMENTS, SHEET, crossed)
    assert found == (() if why is None else (why,))


def test_slopes_of_rows_in_clusters_are_refused_because_no_method_for_them_takes_clusters():
    sheet = StudySheet(design="cluster", cluster="who", declared=("design", "cluster"))
    crossed = target("y", "two", "x", interaction=True)
    assert preferred("interact", crossed, sheet=sheet) is None
    assert refusal(data(), sheet, "interact", "effect", crossed) == (
        "Analysis of covariance with interaction (HC3) takes no clusters: it takes every row as independent, and who has several "
        "rows for each of its values. Select one row for each, or average the rows first."
    )


def test_two_groups_over_years_that_the_data_date_are_compared_by_their_changes():
    dated = data(levels("year", **{"1991": 50, "1992": 50}))
    assert preferred("interact", target("y", "two", "year", interaction=True, levels=("a", "b")), card=dated) == (
        "difference_in_differences"
    )


@pytest.mark.parametrize(
    ("sizes", "remedy"),
    [
        ((50, 50, 50), "is the unit (`id: who`), for a repeated-measures analysis within it"),
        ((50, 48, 49), "is the unit (`pair: who`, which leaves out units without a row at each level), for a repeated-measures"),
        ((60, 50, 40), "is the cluster (`cluster: who`), for methods that allow for clusters"),
    ],
)
def test_a_refusal_of_repeated_rows_says_what_the_sheet_has_to_state(sizes, remedy):
    repeated = (Trap(kind="repeated ids", column="who", n=100, detail=""),)
    card = data(levels("day", **dict(zip(("mon", "tue", "wed"), sizes, strict=True))), rows=150, traps=repeated)
    assert remedy in refusal(card, SHEET, "compare", "effect", target("y", "day"))


@pytest.mark.parametrize(("varying", "sizes"), [(0, (50, 50)), (0, (40, 60)), (4, (46, 54))])
def test_two_groups_of_units_with_several_rows_each_are_referred_to_clusters(varying, sizes):
    repeated = (Trap(kind="repeated ids", column="who", n=100, detail="", varying=(("arm", varying),)),)
    card = data(levels("arm", a=sizes[0], b=sizes[1]), rows=100, traps=repeated)
    told = refusal(card, SHEET, "compare", "effect", target("y", "arm"))
    assert "state in the study sheet that it is the cluster (`cluster: who`), for methods that allow for clusters, select" in told


def test_a_refusal_is_that_of_the_usual_method_that_lacks_least():
    """Pairs with several rows at a level lack one thing for a paired test, and two for repeated measurements of three moments."""
    crowded = data(levels("moment", before=80, after=80), rows=160)
    paired = target("y", "moment", levels=("after", "before"), pair="who")
    assert refusal(crowded, SHEET, "change", "effect", paired) == (
        "who has several rows at one level of moment, so it is not clear which rows make a pair: select one row for each, or "
        "average the rows first."
    )
