"""Questions whether one column is higher where another is: which is the outcome, and what stands in for a prediction."""

import pytest

from kosmos_graph.agents.protocol import Material
from kosmos_graph.agents.reading.read import read_question
from kosmos_graph.agents.rules_designer import RulesDesigner
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.question import Options, Question
from kosmos_graph.domain.study_sheet import StudySheet
from tests.agents.reading_cards import card, levels, number

CLINIC = card(
    "clinic.csv",
    number("dose"),
    levels("satisfaction", "poor", "fair", "good", "excellent", kind=Kind.ORDINAL),
    number("pain"),
    levels("cured", "no", "yes"),
)


def read(question):
    reading = read_question(question, (CLINIC,), StudySheet())
    assert reading.decided, reading.undecided
    (claim,) = reading.claims
    return claim.target.outcome, claim.target.predictors, claim.direction


@pytest.mark.parametrize("outcome", ["satisfaction", "pain"])
@pytest.mark.parametrize(
    ("question", "direction"),
    [
        ("Is {y} higher with a higher dose?", "positive"),
        ("Is {y} higher with more dose?", "positive"),
        ("Is {y} higher at a larger dose?", "positive"),
        ("Is {y} greater when the dose is larger?", "positive"),
        ("Is there more {y} with more dose?", "positive"),
        ("Is higher {y} seen with a higher dose?", "positive"),
        ("Do patients with higher dose have higher {y}?", "positive"),
        ("Do patients with a higher dose report lower {y}?", "negative"),
        ("Is {y} lower with a higher dose?", "negative"),
        ("Is {y} higher with a lower dose?", "negative"),
        ("Is {y} lower where the dose is low?", "positive"),
        ("Le {y} est-il plus élevé avec une dose plus élevée ?", "positive"),
        ("Est-ce que {y} est moins élevé avec une dose plus élevée ?", "negative"),
        ("¿Es mayor {y} con más dose?", "positive"),
        ("Ist {y} höher bei höherer dose?", "positive"),
    ],
)
def test_what_is_higher_is_the_outcome_and_what_goes_with_it_the_predictor(question, direction, outcome):
    assert read(question.format(y=outcome)) == (outcome, ("dose",), direction)


def test_a_share_that_is_higher_with_more_of_a_number_is_the_outcome():
    assert read("Is cured more likely with a higher dose?") == ("cured", ("dose",), "positive")


def test_a_number_along_ordered_levels_is_compared_by_ranks_and_keeps_its_direction():
    reading = read_question("Is pain lower with higher satisfaction?", (CLINIC,), StudySheet())
    assert [(claim.task, claim.direction) for claim in reading.claims] == [("associate", "negative")]
    assert reading.notes == ("The ranks of pain and satisfaction were compared, which reads the same in both directions.",)


@pytest.mark.parametrize(("outcome", "method"), [("satisfaction", "spearman"), ("pain", "linear_regression")])
async def test_the_method_follows_the_outcome(outcome, method):
    given = Material(Question(text=f"Is {outcome} higher with a higher dose?"), (CLINIC,), StudySheet(), Options())
    (hypothesis,) = (await RulesDesigner().plan_research(given, 1, ())).hypotheses
    assert (await RulesDesigner().design_study(given, hypothesis, 1, ())).method == method


@pytest.mark.parametrize("question", ["Can satisfaction be predicted from dose?", "Does dose predict satisfaction?"])
def test_an_association_in_the_place_of_a_prediction_is_said_to_be_one(question):
    assert read_question(question, (CLINIC,), StudySheet()).notes == (
        "satisfaction is ordinal, and predictions are made of numbers or of two levels: whether dose goes with it was tested, and "
        "not how well it is foretold.",
    )
    assert read_question(question.replace("satisfaction", "pain"), (CLINIC,), StudySheet()).notes == ()


def test_better_is_about_the_column_before_it():
    assert read_question("Is satisfaction better with a higher dose?", (CLINIC,), StudySheet()).notes == (
        "Higher values of satisfaction were taken as better.",
    )
