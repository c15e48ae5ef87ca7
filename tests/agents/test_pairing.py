"""Rows of the same units, two for each: compared within them only where what is compared varies within them."""

import pytest

from kosmos_graph.agents.reading.read import read_question
from kosmos_graph.agents.structure import structured
from kosmos_graph.domain.data_card import ColumnCard, Kind, Trap
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.applicability import applicable_methods
from tests.agents.reading_cards import card, levels, number

RANDOMISED = StudySheet(
    declared=("design", "id", "time", "treatment"), design="randomised", id="patient", time="visit", treatment="arm"
)
CLUSTERED = StudySheet(declared=("cluster", "time"), cluster="patient", time="visit")


def two_waves(first, second, units_varying):
    """Thirty patients with two rows each, half of them in each arm, which varies within `units_varying` of them."""
    repeated = Trap(kind="repeated ids", column="patient", n=30, detail="two each", varying=(("visit", 30), ("arm", units_varying)))
    return card(
        "trial.csv",
        ColumnCard(name="patient", kind=Kind.IDENTIFIER, missing=0, distinct=30),
        levels("visit", "baseline", "followup", n=(30, 30)),
        levels("arm", first, second, n=(30, 30)),
        number("score"),
        rows=60,
        traps=(repeated,),
    )


def claimed(data, sheet, question):
    reading = read_question(question, (data,), sheet)
    assert reading.decided, reading.undecided
    (claim,) = reading.claims
    return claim


@pytest.mark.parametrize("sheet", [RANDOMISED, CLUSTERED, StudySheet()], ids=["randomised", "clustered", "undeclared"])
@pytest.mark.parametrize("units_varying", [0, 2])
def test_groups_of_units_with_equally_many_rows_are_not_compared_within_them(sheet, units_varying):
    claim = claimed(two_waves("treated", "control", units_varying), sheet, "Is score higher in treated than in control?")
    assert (claim.task, claim.target.pair, claim.target.levels) == ("compare", None, ("treated", "control"))


@pytest.mark.parametrize(("units_varying", "task", "pair"), [(0, "compare", None), (30, "change", "patient")])
def test_groups_called_before_and_after_are_moments_only_where_they_vary_within_units(units_varying, task, pair):
    """Patients recruited before a law and after it are others."""
    claim = claimed(two_waves("after", "before", units_varying), RANDOMISED, "Does score differ by arm?")
    assert (claim.task, claim.target.pair) == (task, pair)


@pytest.mark.parametrize("sheet", [RANDOMISED, CLUSTERED], ids=["randomised", "clustered"])
def test_such_groups_are_compared_with_errors_that_allow_for_the_units(sheet):
    data = two_waves("treated", "control", 0)
    claim = claimed(data, sheet, "Is score higher in treated than in control?")
    target = structured(claim.target, data, sheet)[0]
    assert target.cluster == "patient"
    assert "cluster_robust_regression" in {
        choice.method for choice in applicable_methods(data, sheet, claim.task, claim.expects, target)
    }


@pytest.mark.parametrize("sheet", [RANDOMISED, StudySheet()], ids=["randomised", "undeclared"])
def test_levels_that_every_unit_has_once_are_compared_within_the_units(sheet):
    claim = claimed(two_waves("treated", "control", 30), sheet, "Is score higher in treated than in control?")
    assert (claim.task, claim.target.pair) == ("change", "patient")


def test_a_comparison_within_units_that_the_question_asks_for_is_not_turned_into_another():
    claim = claimed(
        two_waves("treated", "control", 0), RANDOMISED, "Is score higher in treated than in control in the same patient?"
    )
    assert (claim.task, claim.target.pair) == ("change", "patient")
