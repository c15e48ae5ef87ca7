"""What the study sheet says of rows becomes part of a target, as far as it can."""

from __future__ import annotations

import pytest

from kosmos_graph.agents.structure import structured
from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind, Level
from kosmos_graph.domain.hypothesis import Target
from kosmos_graph.domain.study_sheet import StudySheet


def column(name: str, kind: Kind, *levels: str, distinct: int = 100, positive: str | None = None) -> ColumnCard:
    found = tuple(Level(name=level, n=50) for level in levels)
    return ColumnCard(name=name, kind=kind, missing=0, distinct=len(found) or distinct, levels=found, positive=positive)


CARD = DataCard(
    name="d.csv",
    path="d.csv",
    sha256="0" * 64,
    format="csv",
    rows=100,
    columns=(
        column("score", Kind.CONTINUOUS),
        column("cases", Kind.COUNT),
        column("months", Kind.CONTINUOUS),
        column("arm", Kind.BINARY, "a", "b"),
        column("died", Kind.BINARY, "no", "yes"),
        column("fate", Kind.BINARY, "blue", "green"),
        column("end", Kind.BINARY, "lost", "relapsed", positive="relapsed"),
        column("school", Kind.NOMINAL, *"abcdefgh"),
        column("region", Kind.NOMINAL, *"nesw"),
        column("stands_for", Kind.CONTINUOUS),
        column("years", Kind.CONTINUOUS),
        column("pupil", Kind.IDENTIFIER, distinct=100),
    ),
)


def target(outcome: str = "score", *predictors: str, **more: object) -> Target:
    return Target(dataset="d.csv", outcome=outcome, predictors=predictors or ("arm",), **more)


def parts(asked: Target, sheet: StudySheet) -> list[dict[str, object]]:
    """What each structured target has more than the one that was asked about."""
    plain = asked.model_dump()
    return [
        {name: value for name, value in one.model_dump().items() if value != plain[name]} for one in structured(asked, CARD, sheet)
    ]


def test_a_sheet_that_says_nothing_leaves_the_target_as_it_is():
    assert structured(target(), CARD, StudySheet()) == (target(),)


def test_all_that_is_said_comes_first_and_then_less_and_less_of_it():
    sheet = StudySheet(cluster="school", weight="stands_for", stratum="region", exposure="years")
    cluster, weight, exposure = {"cluster": "school"}, {"weight": "stands_for", "stratum": "region"}, {"exposure": "years"}
    assert parts(target("cases"), sheet) == [
        {**cluster, **weight, **exposure},
        {**cluster, **weight},
        {**cluster, **exposure},
        {**weight, **exposure},
        cluster,
        weight,
        exposure,
        {},
    ]


@pytest.mark.parametrize(("event", "level"), [("died", "yes"), ("end", "relapsed"), ("fate", None)])
def test_a_duration_is_never_without_the_event_that_ends_it(event, level):
    sheet = StudySheet(duration="months", event=event, cluster="school")
    followed = {name: value for name, value in (("event", event), ("event_level", level)) if value is not None}
    assert parts(target("months"), sheet) == [{**followed, "cluster": "school"}, followed]


def test_follow_up_belongs_to_the_duration_alone():
    assert parts(target("score"), StudySheet(duration="months", event="died")) == [{}]


def test_an_exposure_belongs_to_counts_alone():
    sheet = StudySheet(exposure="years")
    assert parts(target("cases"), sheet) == [{"exposure": "years"}, {}]
    assert parts(target("score"), sheet) == [{}]


def test_a_declared_unit_with_several_rows_is_a_cluster_and_one_with_a_row_each_is_none():
    assert parts(target(), StudySheet(cluster="school")) == [{"cluster": "school"}, {}]
    assert parts(target(), StudySheet(id="pupil")) == [{}]


def test_three_measurements_of_a_declared_unit_are_compared_within_it():
    measured = CARD.model_copy(
        update={
            "columns": (
                *CARD.columns,
                column("visit", Kind.NOMINAL, "1st", "2nd", "3rd"),
                column("patient", Kind.IDENTIFIER, distinct=50),
            )
        }
    )

    def pairs(asked: Target, sheet: StudySheet, card: DataCard = measured) -> list[str | None]:
        return [one.pair for one in structured(asked, card, sheet)]

    asked = target("score", "visit")
    assert pairs(asked, StudySheet(pair="patient")) == ["patient", None, None]
    assert pairs(asked, StudySheet(id="patient")) == ["patient", None, None]
    assert pairs(asked, StudySheet(cluster="patient")) == [None, None]
    assert pairs(asked.model_copy(update={"levels": ("1st", "2nd")}), StudySheet(pair="patient")) == [None, None]
    assert pairs(target("score", "arm"), StudySheet(pair="patient")) == [None, None]
    fewer = measured.model_copy(update={"columns": (*measured.columns[:-1], column("patient", Kind.IDENTIFIER, distinct=60))})
    assert pairs(asked, StudySheet(pair="patient"), fewer) == ["patient", None, None]
    assert pairs(asked, StudySheet(id="patient"), fewer) == [None, None]


def test_what_goes_with_a_series_is_asked_in_the_order_of_time():
    sheet = StudySheet(design="time series", time="months")
    assert parts(target("score", "years"), sheet) == [{"time": "months"}, {}]
    assert parts(target("score", "months"), sheet) == [{}]
    assert parts(target("score", "years", quantity="mean"), sheet) == [{}]
    assert parts(target("score", "years"), StudySheet(time="months")) == [{}]


def test_what_the_target_is_about_is_not_said_again():
    assert parts(target("score", "school"), StudySheet(cluster="school")) == [{}]
    assert parts(target("school"), StudySheet(cluster="school")) == [{}]
    assert parts(target("score", "arm", pair="school"), StudySheet(cluster="school")) == [{}]
    assert parts(target("score", "region"), StudySheet(weight="stands_for", stratum="region")) == [{"weight": "stands_for"}, {}]
    assert parts(target("score", "stands_for"), StudySheet(weight="stands_for")) == [{}]
    assert parts(target("cases", "years"), StudySheet(exposure="years")) == [{}]


def test_a_column_of_another_file_of_the_run_is_passed_over():
    sheet = StudySheet(cluster="class", weight="w", stratum="s", duration="months", event="e", exposure="area")
    assert parts(target("cases"), sheet) == [{}]
    assert parts(target("months"), sheet) == [{}]
    assert parts(target(), StudySheet(weight="stands_for", stratum="elsewhere")) == [{"weight": "stands_for"}, {}]
