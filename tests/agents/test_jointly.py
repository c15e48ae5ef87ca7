"""Questions about several columns at once."""

import pytest

from kosmos_graph.agents.reading.read import read_question
from kosmos_graph.agents.wording import statement_of
from kosmos_graph.domain.study_sheet import StudySheet
from tests.agents.reading_cards import PENGUINS, TIPS
from tests.agents.test_model_designer import material

SEX_BY_SPECIES = ("interact", "body_mass_g", ("sex", "species"), ("male", "female"))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Does the effect of sex on body mass depend on species?", SEX_BY_SPECIES),
        ("Is the effect of sex on body mass different between species?", SEX_BY_SPECIES),
        ("Does the difference in body mass between the sexes differ between species?", SEX_BY_SPECIES),
        ("Is the difference in body mass between the sexes the same for all species?", SEX_BY_SPECIES),
        ("Is there an interaction between sex and species on body mass?", SEX_BY_SPECIES),
        ("Do sex and species interact in their effect on body mass?", SEX_BY_SPECIES),
        ("Does sex interact with species in its effect on body mass?", SEX_BY_SPECIES),
        ("Does species moderate the effect of sex on body mass?", SEX_BY_SPECIES),
        (
            "Is the relationship between flipper length and body mass the same for all species?",
            ("interact", "body_mass_g", ("species", "flipper_length_mm"), None),
        ),
        (
            "Does the relationship between flipper length and body mass differ between males and females?",
            ("interact", "body_mass_g", ("sex", "flipper_length_mm"), ("male", "female")),
        ),
        (
            "How well can body mass be predicted from flipper length, bill length and sex?",
            ("predict", "body_mass_g", ("flipper_length_mm", "bill_length_mm", "sex"), None),
        ),
        ("How well do flipper length and sex predict body mass?", ("predict", "body_mass_g", ("flipper_length_mm", "sex"), None)),
        (
            "How accurately can sex be predicted from body mass and bill length?",
            ("predict", "sex", ("body_mass_g", "bill_length_mm"), None),
        ),
    ],
)
def test_a_joint_question_is_read_with_every_column_in_its_place(question, expected):
    reading = read_question(question, (PENGUINS,), StudySheet())
    (claim,) = reading.claims
    target = claim.target
    assert (claim.task, target.outcome, target.predictors, target.levels) == expected
    assert (target.interaction, target.quantity) == ((True, None) if claim.task == "interact" else (False, "skill"))


def test_a_prediction_without_named_columns_takes_all_that_could_foretell():
    reading = read_question("How well can we predict body mass?", (PENGUINS,), StudySheet())
    assert "species" in reading.targets[0].predictors
    assert "body_mass_g" not in reading.targets[0].predictors


@pytest.mark.parametrize(
    ("card", "question"),
    [
        (PENGUINS, "Is the correlation between bill length and bill depth stronger in males than in females?"),
        (PENGUINS, "Does the body mass of males and females differ between islands?"),
        (PENGUINS, "How well can the weather be predicted from body mass?"),
        (PENGUINS, "How well can body mass be predicted from the weather?"),
        (PENGUINS, "Does the effect of sex on species depend on body mass?"),
        (TIPS, "Does the effect of the waiter's mood on the tip depend on the day?"),
    ],
)
def test_a_joint_question_that_is_not_wholly_understood_is_left_undecided(card, question):
    assert not read_question(question, (card,), StudySheet()).decided


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        (
            "Does the effect of sex on body mass depend on species?",
            "The relation of sex with the mean of body_mass_g depends on species.",
        ),
        (
            "How well do flipper length and sex predict body mass?",
            "flipper_length_mm and sex foretell body_mass_g of new rows better than its average does.",
        ),
    ],
)
def test_what_will_be_tested_is_said_in_the_words_of_the_data(question, statement):
    (claim,) = read_question(question, (PENGUINS,), StudySheet()).claims
    assert statement_of(claim, material(question)) == statement
