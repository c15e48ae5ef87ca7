"""Plans and designs that are made without a model."""

import re

import pytest

from kosmos_graph.agents.protocol import Material
from kosmos_graph.agents.rules_designer import RulesDesigner
from kosmos_graph.domain.design import Review
from kosmos_graph.domain.question import Options, Question
from kosmos_graph.domain.results import Execution
from kosmos_graph.domain.study_sheet import Covariate, SmallestEffect, StatedHypothesis, StudySheet
from kosmos_graph.experiments.review import review_design
from tests.agents.reading_cards import AIR, NILE, PASSENGERS, PENGUINS, SLEEP, TIPS, TRIAL, card, number

DESIGNER = RulesDesigner()


def material(question, *cards, sheet=None):
    return Material(Question(text=question), cards, sheet or StudySheet(), Options())


async def plan(question, *cards, sheet=None, cycle=1, earlier=()):
    return await DESIGNER.plan_research(material(question, *cards, sheet=sheet), cycle, earlier)


async def first_design(question, *cards, sheet=None):
    given = material(question, *cards, sheet=sheet)
    (hypothesis, *_) = (await DESIGNER.plan_research(given, 1, ())).hypotheses
    return hypothesis, await DESIGNER.design_study(given, hypothesis, 1, ())


QUESTIONS = [
    (PENGUINS, "Do Gentoo penguins weigh more than Adelie penguins?", "welch_t"),
    (PENGUINS, "Does body mass differ between species?", "welch_anova"),
    (PENGUINS, "Is flipper length related to body mass?", "linear_regression"),
    (PENGUINS, "What affects body mass?", "linear_regression"),
    (PENGUINS, "Is species associated with island?", "chi_square"),
    (PENGUINS, "What is the average body mass?", "estimate"),
    (PENGUINS, "Is the mean body mass different from 4200 g?", "one_sample_t"),
    (PENGUINS, "Test whether body mass differs by sex with a Mann-Whitney test", "mann_whitney"),
    (PASSENGERS, "Were women more likely to survive than men?", "risk_difference"),
    (PASSENGERS, "Were older passengers less likely to survive?", "logistic_regression"),
    (TRIAL, "Did blood pressure change from baseline to follow-up?", "paired_t"),
    (TRIAL, "Are drug and placebo equivalent in sbp_followup within 5 mmHg?", "tost"),
    (SLEEP, "Did the score change?", "paired_t"),
    (NILE, "Did the volume drop after 1898?", "step_hac"),
    (NILE, "Is there a trend in volume?", "trend_hac"),
]


@pytest.mark.parametrize(("data", "question", "method"), QUESTIONS, ids=[row[1] for row in QUESTIONS])
async def test_a_question_becomes_a_design_that_its_review_accepts_in_full(data, question, method):
    hypothesis, design = await first_design(question, data)
    review = review_design(design, hypothesis, data, StudySheet(), Options(), ())
    assert design.method == method
    assert review.accepted and review.completeness == review.feasibility == 1.0
    assert (design.author, hypothesis.author, design.key) == ("rules", "rules", "c1h1g1")


def without_names(text, data):
    """The text without column names, levels, and the name of the file."""
    names = [
        data.name,
        *(column.name for column in data.columns),
        *(level.name for column in data.columns for level in column.levels),
    ]
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return text


@pytest.mark.parametrize(("data", "question", "method"), QUESTIONS, ids=[row[1] for row in QUESTIONS])
async def test_statements_have_no_digit_but_in_names_and_in_the_users_own_values(data, question, method):
    for hypothesis in (await plan(question, data)).hypotheses:
        said = without_names(f"{hypothesis.statement} {hypothesis.rationale}", data)
        assert set(re.findall(r"\d+", said)) <= set(re.findall(r"\d+", question))


async def test_statements_say_direction_groups_selection_and_adjustment():
    async def said(question, data):
        return (await plan(question, data)).hypotheses[0].statement

    assert (
        await said("Do Gentoo penguins weigh more than Adelie penguins?", PENGUINS)
        == "The mean of body_mass_g is higher for Gentoo than for Adelie (species)."
    )
    assert (
        await said("Among females, does bill depth differ between species?", PENGUINS)
        == "The mean of bill_depth_mm differs between the levels of species, among rows in which sex is female."
    )
    assert (
        await said("Does bill depth fall with body mass, adjusting for sex?", PENGUINS)
        == "The mean of bill_depth_mm falls with body_mass_g, with sex held constant."
    )
    assert await said("Did the volume drop after 1898?", NILE) == "The mean of volume falls at 1898."


async def test_what_affects_has_one_hypothesis_for_each_predictor_in_one_regression():
    given = material("What affects body mass?", PENGUINS)
    hypotheses = (await DESIGNER.plan_research(given, 1, ())).hypotheses
    designs = [await DESIGNER.design_study(given, one, 1, ()) for one in hypotheses]
    models = {frozenset((*design.target.predictors, *design.covariates)) for design in designs}
    assert [one.id for one in hypotheses] == [f"c1h{place}" for place in range(1, 8)]
    assert len(models) == 1 and {design.method for design in designs} == {"linear_regression"}


async def test_an_undecided_question_says_which_columns_were_considered():
    found = await plan("Does diet affect body mass?", PENGUINS)
    assert found.hypotheses == () and "diet" in found.undecided and "body_mass_g" in found.undecided


async def test_a_question_without_data_is_undecided():
    assert "no data" in (await plan("Does diet affect body mass?")).undecided


async def test_too_few_rows_for_the_regression_are_refused_with_the_sentence():
    small = card("small.csv", number("y"), number("a"), number("b"), number("c"), rows=20)
    assert "10 complete rows per parameter" in (await plan("What affects y?", small)).undecided


async def test_two_series_are_correlated_in_the_order_of_time():
    *_, design = await first_design("Is co2 related to temperature?", AIR)
    assert (design.method, design.target.time) == ("series_correlation", "date")


async def test_stated_hypotheses_come_first_and_are_the_users():
    stated = StatedHypothesis(
        statement="Gentoo are heavier than Adelie", outcome="body_mass_g", predictors=("species",), direction="positive"
    )
    found = await plan("Is flipper length related to body mass?", PENGUINS, sheet=StudySheet(hypotheses=(stated,)))
    assert [one.author for one in found.hypotheses] == ["user", "rules"]
    assert found.hypotheses[0].statement == "Gentoo are heavier than Adelie"
    assert found.hypotheses[0].direction == "positive"


async def test_a_stated_hypothesis_that_repeats_the_question_is_studied_once():
    stated = StatedHypothesis(statement="Gentoo are heavier than Adelie", outcome="body_mass_g", predictors=("species",))
    found = await plan("Are Gentoo heavier than Adelie?", PENGUINS, sheet=StudySheet(hypotheses=(stated,)))
    assert [one.author for one in found.hypotheses] == ["user"]


async def test_a_later_cycle_repeats_nothing():
    first = await plan("Does body mass differ between species?", PENGUINS)
    second = await plan("Does body mass differ between species?", PENGUINS, cycle=2, earlier=first.hypotheses)
    assert second.hypotheses == () and second.undecided is None


async def test_each_rejection_moves_on_to_the_next_admissible_method():
    given = material("Do Gentoo penguins weigh more than Adelie penguins?", PENGUINS)
    (hypothesis,) = (await DESIGNER.plan_research(given, 1, ())).hypotheses
    rejected = Review(key="c1h1g1", items=(), rigour=1, completeness=1, feasibility=1)
    methods = [(await DESIGNER.design_study(given, hypothesis, n + 1, (rejected,) * n)).method for n in range(3)]
    assert methods[0] == "welch_t" and len(set(methods)) == 3


async def test_repair_tries_every_admissible_method_once_and_then_gives_up():
    given = material("Do Gentoo penguins weigh more than Adelie penguins?", PENGUINS)
    (hypothesis,) = (await DESIGNER.plan_research(given, 1, ())).hypotheses
    design = await DESIGNER.design_study(given, hypothesis, 1, ())
    failed = []
    while design is not None:
        assert design.method not in {one.method for one, _ in failed}
        failed.append((design, Execution(key=design.key, design=design.key, status="failed", error="it broke")))
        design = await DESIGNER.repair_study(given, hypothesis, tuple(failed), len(failed) + 1)
    assert {"welch_t", "mann_whitney", "permutation_test"} <= {one.method for one, _ in failed}


async def test_a_randomised_trial_is_adjusted_for_its_baseline():
    sheet = StudySheet(design="randomised", treatment="arm")
    _, design = await first_design("Is sbp_followup lower with the drug than with placebo?", TRIAL, sheet=sheet)
    assert (design.method, design.covariates) == ("ancova", ("sbp_baseline",))
    assert design.protocol.control_group == "placebo (arm)"


async def test_declared_confounders_are_adjusted_for():
    sheet = StudySheet(covariates=(Covariate(column="total_bill", role="confounder"),))
    _, design = await first_design("Do smokers tip more than non-smokers?", TIPS, sheet=sheet)
    assert design.covariates == ("total_bill",) and design.method in ("ancova", "linear_regression")
    assert design.protocol.confounding_variables == ("total_bill",)


async def test_whether_the_treatment_works_is_settled_by_the_sheet():
    sheet = StudySheet(design="randomised", treatment="arm", primary_outcome="relapse")
    found = await plan("Does the treatment work?", TRIAL, sheet=sheet)
    assert [one.target.outcome for one in found.hypotheses] == ["relapse"] and found.notes


async def test_the_sheets_smallest_effect_is_locked_into_the_design():
    margin = SmallestEffect(value=100.0, source="literature")
    _, design = await first_design("Are males heavier than females?", PENGUINS, sheet=StudySheet(smallest_effect=margin))
    assert design.delta == margin


async def test_a_one_sided_question_is_designed_one_sided():
    _, design = await first_design("Are males heavier than females (one-sided)?", PENGUINS)
    assert design.alternative == "greater"


async def test_equal_material_gives_equal_plans_and_designs():
    question = "What affects body mass?"
    assert await plan(question, PENGUINS) == await plan(question, PENGUINS)
    assert await first_design(question, PENGUINS) == await first_design(question, PENGUINS)
