"""Questions that hold the change of one group against that of another."""

import pytest

from kosmos_graph.agents.protocol import Material
from kosmos_graph.agents.reading.read import read_question
from kosmos_graph.agents.rules_designer import RulesDesigner
from kosmos_graph.agents.wording import statement_of
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.question import Options, Question
from kosmos_graph.domain.study_sheet import StudySheet
from tests.agents.reading_cards import TIPS, TRIAL, card, count, levels, number, other

FOLLOWED = StudySheet(cluster="store", time="year", treatment="state", declared=("cluster", "time", "treatment"))
STATE = levels("state", "NJ", "PA", n=(150, 150))
STORE = other("store", Kind.IDENTIFIER).model_copy(update={"distinct": 20})
SHOPS = card("shops.csv", STORE, STATE, levels("year", "1991", "1992", n=(150, 150)), number("employees", 1, 40))
LONG = card("shops.csv", STORE, STATE, count("year", 1991, 1996), number("employees", 1, 40))
BEFORE = card("shops.csv", STATE, levels("when", "after", "before", n=(150, 150)), number("employees", 1, 40))
UNTIMED = card("shops.csv", STATE, number("employees", 1, 40))


def read(question, data=SHOPS, sheet=FOLLOWED):
    return read_question(question, (data,), sheet)


@pytest.mark.parametrize(
    ("question", "direction"),
    [
        ("Did employees change more in NJ than in PA between 1991 and 1992?", None),
        ("Did employees rise more in NJ than in PA from 1991 to 1992?", "positive"),
        ("Did employees rise more in NJ than in PA?", "positive"),
        ("Did employees fall more in NJ than in PA over time?", "negative"),
        ("Did employees fall less in NJ than in PA?", "positive"),
        ("Did employees grow faster in NJ than PA after 1991?", "positive"),
        ("Between 1991 and 1992, did employees grow more in NJ than in PA?", "positive"),
        ("Did employees in NJ rise more than in PA?", "positive"),
        ("Was the increase in employees greater in NJ than in PA?", "positive"),
        ("Was the change in employees from 1991 to 1992 larger in NJ than in PA?", None),
        ("Did NJ see a larger rise in employees than PA between 1991 and 1992?", "positive"),
        ("Did NJ gain more employees than PA between 1991 and 1992?", None),
        ("Did the change in employees between 1991 and 1992 differ between NJ and PA?", None),
        ("Is the change in employees different between NJ and PA?", None),
        ("Did employees change differently in NJ and PA?", None),
        ("How did employees change in NJ compared with PA?", None),
        ("Do trends in employees differ between NJ and PA?", None),
        ("Did the difference in employees between NJ and PA change from 1991 to 1992?", None),
        ("Did the gap in employees between NJ and PA widen between 1991 and 1992?", None),
        ("Did employees differ more between NJ and PA in 1992 than in 1991?", None),
        ("Was there a larger difference in employees between NJ and PA in 1992 than in 1991?", None),
        ("Is the gap in employees between NJ and PA smaller in 1992 compared with 1991?", None),
        ("Hat sich employees in NJ stärker verändert als in PA?", None),
    ],
)
def test_a_comparison_of_changes_is_the_groups_by_the_two_moments(question, direction):
    (claim,) = read(question).claims
    target = claim.target
    assert (claim.task, claim.direction, target.outcome, target.interaction) == ("interact", direction, "employees", True)
    assert (target.predictors, target.levels, target.filters) == (("state", "year"), ("NJ", "PA"), ())


@pytest.mark.parametrize(
    ("data", "question"),
    [
        (SHOPS, "Did employees change differently in the two states between 1991 and 1992?"),
        (BEFORE, "Did the change in employees from before to after differ between the states?"),
        (BEFORE, "Is the difference in employees between before and after the same in both states?"),
    ],
)
def test_the_column_of_the_groups_may_be_named_in_their_place(data, question):
    (claim,) = read(question, data, StudySheet()).claims
    assert (claim.task, claim.target.outcome, claim.target.predictors[0]) == ("interact", "employees", "state")


async def test_the_changes_are_compared_by_difference_in_differences_with_the_declared_clusters():
    given = Material(Question(text="Did employees rise more in NJ than in PA?"), (SHOPS,), FOLLOWED, Options())
    (hypothesis,) = (await RulesDesigner().plan_research(given, 1, ())).hypotheses
    design = await RulesDesigner().design_study(given, hypothesis, 1, ())
    assert (design.method, design.target.cluster) == ("difference_in_differences", "store")
    (claim,) = read(given.question.text).claims
    expected = "The mean of employees rises more (or falls less) with year for NJ than for PA (state)."
    assert (hypothesis.statement, statement_of(claim, given)) == (expected, expected)


async def test_a_share_may_change_too():
    shut = card("shops.csv", STORE, STATE, levels("year", "1991", "1992", n=(150, 150)), levels("shut", "no", "yes"))
    given = Material(Question(text="Did the share of shut rise more in NJ than in PA?"), (shut,), FOLLOWED, Options())
    (hypothesis,) = (await RulesDesigner().plan_research(given, 1, ())).hypotheses
    assert hypothesis.statement == "The proportion of yes in shut rises more (or falls less) with year for NJ than for PA (state)."
    assert (await RulesDesigner().design_study(given, hypothesis, 1, ())).method == "difference_in_differences"


async def test_two_of_several_moments_are_selected():
    question = "Did employees rise more in NJ than in PA between 1991 and 1994?"
    given = Material(Question(text=question), (LONG,), FOLLOWED, Options())
    (hypothesis,) = (await RulesDesigner().plan_research(given, 1, ())).hypotheses
    assert hypothesis.target.filters == (Filter(column="year", operator="in", value=("1991", "1994")),)
    assert (await RulesDesigner().design_study(given, hypothesis, 1, ())).method == "difference_in_differences"


@pytest.mark.parametrize(
    ("data", "question", "reason"),
    [
        (UNTIMED, "Did employees rise more in NJ than in PA?", "no column tells the earlier rows from the later ones"),
        (UNTIMED, "Was the increase in employees greater in NJ than in PA?", "no column tells"),
        (UNTIMED, "Is the change in employees different between NJ and PA?", "no column tells"),
        (LONG, "Did employees rise more in NJ than in PA?", "year has 6 moments: name the two that are compared"),
        (SHOPS, "Did employees change more in 1992 than in 1991?", "not which two groups are compared"),
        (SHOPS, "Did employees drop less in NJ than in PA in 1992?", "names moments of year that do not make one change"),
        (SHOPS, "Did employees rise more in NJ than in PA between 1985 and 1987?", "number"),
        (SHOPS, "Did employees rise in NJ and PA between 1991 and 1992?", "a change in each of several groups"),
    ],
)
def test_a_comparison_of_changes_is_never_answered_by_one_of_levels(data, question, reason):
    assert reason in (read(question, data).undecided or "")


async def test_declared_treatment_and_outcome_do_not_answer_for_a_change():
    sheet = StudySheet(treatment="state", primary_outcome="employees", declared=("treatment", "primary_outcome"))
    given = Material(Question(text="Did the change in employees differ between NJ and PA?"), (UNTIMED,), sheet, Options())
    planned = await RulesDesigner().plan_research(given, 1, ())
    assert (planned.hypotheses, "no column tells" in (planned.undecided or "")) == ((), True)


def test_moments_without_an_order_are_refused():
    sheet = StudySheet(time="time", declared=("time",))
    undecided = read("Did the tip rise more for Female than for Male?", TIPS, sheet).undecided or ""
    assert "which of Dinner and Lunch comes first is not clear" in undecided


@pytest.mark.parametrize(
    ("data", "question"),
    [
        (SHOPS, "Are there more employees in NJ than in PA?"),
        (SHOPS, "Are there more employees in NJ than in PA in 1992?"),
        (SHOPS, "Do employees differ more between NJ and PA?"),
        (UNTIMED, "Do employees differ more between NJ and PA?"),
        (UNTIMED, "Does the number of employees change between NJ and PA?"),
        (TRIAL, "Is sbp_followup lower with drug than with placebo?"),
    ],
)
def test_a_comparison_of_levels_stays_one(data, question):
    assert read(question, data).task in ("compare", "affect")
