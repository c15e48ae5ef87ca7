"""What a review finds in a design before anything is run."""

import pytest

from kosmos_graph.domain.design import Design, Protocol
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.hypothesis import Hypothesis
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.study_sheet import Covariate, SmallestEffect, StudySheet
from kosmos_graph.experiments.review import review_design
from tests.experiments.test_applicability import data, levels, number, target

SHEET = StudySheet()
PROTOCOL = Protocol(
    objective="compare",
    steps=("run",),
    dependent_variables=("y",),
    refuted_by="the opposite",
    sample_size="all",
    power="some",
    reproducibility="seed",
)


def hypothesis(chosen, expects="effect", task="compare"):
    return Hypothesis(
        id="c1h1", cycle=1, statement="s", rationale="r", task=task, expects=expects, direction=None, target=chosen, author="rules"
    )


def design(chosen, method="welch_t", **more):
    content = {"key": "c1h1g1", "hypothesis": "c1h1", "method_reason": "fits", "protocol": PROTOCOL, "author": "rules", **more}
    return Design(method=method, target=chosen, **content)


def review(one, *, asked=None, card=None, sheet=SHEET, others=(), expects="effect"):
    return review_design(one, hypothesis(asked or one.target, expects), card or data(), sheet, Options(), others)


def hard(found):
    return [item.check for item in found.items if item.severity == "hard"]


def test_a_sound_design_is_accepted_with_full_grades():
    found = review(design(target("y", "two", levels=("a", "b"))))
    assert found.accepted and found.items == ()
    assert (found.rigour, found.completeness, found.feasibility) == (1.0, 1.0, 1.0)
    assert found.key == "c1h1g1"


REJECTED = [
    (design(target("nothing", "two")), "columns exist"),
    (design(target("y", "two"), covariates=("nowhere",)), "columns exist"),
    (design(target("y", "two"), method="magic"), "method exists"),
    (design(target("y", "two", levels=("a", "q"))), "levels exist"),
    (design(target("y", "two", levels=("a", "a"))), "levels exist"),
    (design(target("won", "two", success="maybe"), method="risk_difference"), "levels exist"),
    (design(target("y", "two", filters=(Filter(column="three", operator="==", value="z"),))), "filters fit"),
    (design(target("y", "two", filters=(Filter(column="three", operator="<", value="a"),))), "filters fit"),
    (design(target("y", "two", filters=(Filter(column="gone", operator="is missing"),))), "filters fit"),
    (design(target("y", "two", filters=(Filter(column="three", operator="is missing"),))), "filters leave rows"),
    (design(target("y", "y"), method="linear_regression"), "one role each"),
    (design(target("y", "x"), method="linear_regression", covariates=("x",)), "one role each"),
    (design(target("y", "three")), "method fits"),
    (design(target("three", "two")), "method fits"),
    (design(target("y", "two"), method="tost"), "method fits"),
]


@pytest.mark.parametrize(("one", "check"), REJECTED, ids=[check + str(place) for place, (_, check) in enumerate(REJECTED)])
def test_a_design_that_cannot_be_run_is_rejected_with_reason_and_remedy(one, check):
    found = review(one)
    assert not found.accepted and check in hard(found)
    assert all(item.finding and item.remedy for item in found.items)


def test_a_data_set_of_another_name_is_rejected():
    one = design(target("y", "two").model_copy(update={"dataset": "other.csv"}))
    assert "data set" in hard(review(one))


def test_a_design_may_narrow_its_hypothesis_and_not_change_it():
    asked = target("y", "two")
    assert review(design(target("y", "two", levels=("a", "b"))), asked=asked).accepted
    assert "answers its hypothesis" in hard(review(design(target("x", "two")), asked=asked))
    assert "answers its hypothesis" in hard(review(design(asked, hypothesis="c1h2"), asked=asked))


def test_the_same_test_for_another_hypothesis_is_a_duplicate():
    one = design(target("y", "two"))
    assert "no duplicate" in hard(review(one, others=(design(target("y", "two"), hypothesis="c1h2", key="c1h2g1"),)))
    assert review(one, others=(one,)).accepted


def test_a_margin_on_the_design_serves_equivalence():
    margin = SmallestEffect(value=2.0, source="user")
    assert review(design(target("y", "two"), method="tost", delta=margin), expects="no effect").accepted


def graded(found):
    return {item.check for item in found.items if item.severity == "graded"}


def test_confounders_left_out_lower_the_rigour_and_adjusting_for_mediators_too():
    sheet = StudySheet(covariates=(Covariate(column="x", role="confounder"), Covariate(column="z", role="mediator")))
    without = review(design(target("y", "two")), sheet=sheet)
    assert without.accepted and graded(without) == {"confounders"} and 0 < without.rigour < 1
    assert graded(review(design(target("y", "two"), method="ancova", covariates=("x", "z")), sheet=sheet)) == {"mediators"}
    assert graded(review(design(target("y", "two"), method="ancova", covariates=("x",)), sheet=sheet)) == set()


def test_few_rows_unequal_groups_and_missing_values_are_graded():
    side = data(levels("side", left=95, right=5), number("holes", missing=6))
    assert graded(review(design(target("y", "side")), card=side)) == {"balance", "power"}
    assert graded(review(design(target("holes", "two")), card=side)) == {"missing values"}


def test_no_difference_without_a_margin_is_graded():
    assert graded(review(design(target("y", "two")), expects="no effect")) == {"smallest effect"}


def test_survey_weights_that_no_method_uses_are_graded():
    assert graded(review(design(target("y", "two")), sheet=StudySheet(design="survey"))) == {"weights"}


def test_an_empty_protocol_costs_completeness_alone():
    found = review(design(target("y", "two"), protocol=Protocol(objective=" ", steps=())))
    assert found.accepted and (found.completeness, found.feasibility) == (0.125, 1.0)


def test_grades_do_not_depend_on_what_a_design_says_of_itself():
    boast = PROTOCOL.model_copy(update={"objective": "perfect, rigorous, 100 %"})
    assert review(design(target("y", "two"), protocol=boast)) == review(design(target("y", "two")))
