"""The question benchmark is well-formed, judges as it says, and its floor holds for the rules."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from benchmarks.datasets import NotInstalled, Source, shipped_file, write_csv
from benchmarks.judging import Decided, expected_rows, objections
from benchmarks.question_file import FAMILIES, FOLDER, TYPES, AskedQuestion, QuestionFile, read_question_files
from benchmarks.questions import Case, Loaded, Score, load_cases, rules_designer, score_all, share, table
from kosmos_graph.domain.design import Design, Protocol
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.hypothesis import Hypothesis, Target
from kosmos_graph.experiments.catalogue import CATALOGUE

FILES = read_question_files()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> Loaded:
    return load_cases(FILES, tmp_path_factory.mktemp("data"))


def test_there_are_at_least_150_questions_over_12_data_sets_that_load(loaded):
    assert len(loaded.cases) >= 150
    assert len({case.dataset for case in loaded.cases}) >= 12


def test_every_question_type_is_asked_at_least_four_times(loaded):
    asked = [case.question.type for case in loaded.cases]
    assert {name: asked.count(name) for name in TYPES if asked.count(name) < 4} == {}


def test_about_one_question_in_eight_is_unanswerable(loaded):
    unanswerable = sum(case.question.type == "unanswerable" for case in loaded.cases)
    assert 0.1 <= unanswerable / len(loaded.cases) <= 0.2


def test_every_file_is_named_for_its_data_set_and_states_a_licence():
    assert [file.dataset for file in FILES] == [path.stem for path in sorted(FOLDER.glob("*.yaml"))]
    assert [file.dataset for file in FILES if len(file.licence) < 10] == []


def test_no_question_is_asked_twice_on_the_same_data():
    asked = [(file.dataset, question.ask.casefold(), question.sheet) for file in FILES for question in file.questions]
    assert len(set(asked)) == len(asked)


def test_every_expected_column_exists(loaded):
    unknown = {
        (case.dataset, name)
        for case in loaded.cases
        for study in case.question.expect
        for name in study.columns - {column.name for column in case.data.card.columns}
    }
    assert unknown == set()


def test_every_expected_level_exists(loaded):
    unknown = [
        (case.dataset, case.question.ask, study.levels)
        for case in loaded.cases
        for study in case.question.expect
        if study.levels and study.by[0] and _rows_of_levels(case, study) == 0
    ]
    assert unknown == []


def _rows_of_levels(case, study) -> int:
    one = [study.model_copy(update={"levels": (level, level)}) for level in study.levels]
    return min(int(expected_rows(case.data, variant).sum()) for variant in one)


def test_every_expected_study_selects_rows(loaded):
    empty = [
        case.question.ask for case in loaded.cases for study in case.question.expect if not expected_rows(case.data, study).any()
    ]
    assert empty == []


def test_the_families_hold_methods_of_the_catalogue():
    assert {name for family in FAMILIES.values() for name in family} <= set(CATALOGUE)


WITHOUT_DATA = {
    "difference_in_differences",
    "gee",
    "slope_change",
    "survey_estimate",
    "survey_mean_difference",
    "survey_regression",
}
"""Methods for what no question of the benchmark has: weights, two groups over two periods, a date at which a slope changed, a
yes/no outcome or a count in clusters.
"""


def test_every_method_of_the_catalogue_but_the_special_equivalence_tests_is_admissible_somewhere():
    named = {name for file in FILES for question in file.questions for study in question.expect for name in _methods_of(study)}
    assert set(CATALOGUE) - named - WITHOUT_DATA <= {"paired_tost", "one_sample_tost", "linear_contrast", "mcnemar"}


def _methods_of(study) -> set[str]:
    return set(study.methods).union(*(other.methods for other in study.also))


def test_a_misspelt_key_or_method_in_a_question_file_is_an_error():
    content = yaml.safe_load((FOLDER / "nile.yaml").read_text(encoding="utf-8"))
    content["questions"][0]["expect"]["outcomes"] = "volume"
    with pytest.raises(ValidationError):
        QuestionFile.model_validate(content)
    with pytest.raises(ValidationError):
        AskedQuestion.model_validate({"ask": "?", "type": "how_much", "expect": {"outcome": "a", "by": [], "methods": ["guess"]}})


def test_a_set_whose_package_is_not_installed_is_left_out_with_the_reason(tmp_path):
    file = FILES[0].model_copy(update={"source": Source(package="no_such_package_of_data", file="a.csv")})
    assert load_cases([file], tmp_path) == Loaded(
        (), (f"{file.dataset}: skipped, no_such_package_of_data (a.csv) is not installed",)
    )
    with pytest.raises(NotInstalled):
        write_csv(file.source, tmp_path, "a")


def test_a_csv_is_copied_as_it_is_shipped(tmp_path):
    source = next(file.source for file in FILES if file.dataset == "modechoice")
    assert write_csv(source, tmp_path, "modechoice").read_bytes() == shipped_file(source).read_bytes()


GENTOO = Target(dataset="penguins.csv", outcome="body_mass_g", predictors=("species",), levels=("Gentoo", "Adelie"))


def decided(target: Target, method: str = "welch_t", direction: str | None = "positive") -> tuple[Decided, ...]:
    hypothesis = Hypothesis(
        id="c1h1",
        cycle=1,
        statement="",
        rationale="",
        task="compare",
        expects="effect",
        direction=direction,
        target=target,
        author="t",
    )
    protocol = Protocol(objective="", steps=())
    design = Design(key="c1h1g1", hypothesis="c1h1", method=method, method_reason="", target=target, protocol=protocol, author="t")
    return (Decided(hypothesis, design),)


@pytest.fixture(scope="module")
def heavier(loaded) -> Case:
    return next(case for case in loaded.cases if case.question.ask == "Are Gentoo penguins heavier than Adelie penguins?")


def objected(case: Case, *args, **kwargs) -> tuple[str, ...]:
    return objections(case.question, decided(*args, **kwargs), case.data, case.sheet)


def test_the_expected_study_is_right_in_either_order_of_the_groups(heavier):
    swapped = GENTOO.model_copy(update={"levels": ("Adelie", "Gentoo")})
    assert objected(heavier, GENTOO) == ()
    assert objected(heavier, swapped, direction="negative") == ()


@pytest.mark.parametrize("direction", ["negative", None])
def test_another_direction_is_wrong(heavier, direction):
    assert objected(heavier, GENTOO, direction=direction) != ()


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "flipper_length_mm"},
        {"predictors": ("island",), "levels": ("Dream", "Biscoe")},
        {"levels": ("Gentoo", "Chinstrap")},
        {"levels": None},
        {"filters": (Filter(column="sex", operator="==", value="male"),)},
    ],
)
def test_other_columns_levels_or_rows_are_wrong(heavier, change):
    assert objected(heavier, GENTOO.model_copy(update=change)) != ()


def test_an_inadmissible_method_is_wrong(heavier):
    assert objected(heavier, GENTOO, method="paired_t") == ("method paired_t",)


def test_rows_chosen_by_a_filter_count_as_rows_chosen_by_levels(heavier):
    either = Filter(column="species", operator="in", value=("Gentoo", "Adelie"))
    assert objected(heavier, GENTOO.model_copy(update={"filters": (either,)})) == ()


def test_an_unanswerable_question_is_answered_wrongly_by_any_study(loaded):
    case = next(case for case in loaded.cases if case.dataset == "penguins" and case.question.unanswerable)
    assert objected(case, GENTOO) != ()


def test_a_forgotten_outcome_is_wrong(loaded):
    case = next(case for case in loaded.cases if case.dataset == "penguins" and case.question.type == "several_outcomes")
    one = Target(dataset="penguins.csv", outcome="bill_length_mm", predictors=("sex",), levels=("male", "female"))
    assert objected(case, one, direction=None) == ("nothing on flipper_length_mm",)


@pytest.fixture(scope="module")
def rules_scores(loaded) -> tuple[Score, ...]:
    return asyncio.run(score_all(loaded.cases, rules_designer()))


def test_the_rules_answer_at_least_85_percent_rightly_and_at_most_3_percent_wrongly(rules_scores):
    assert share(rules_scores, "right") >= 0.85, table(rules_scores)
    assert share(rules_scores, "wrong") <= 0.03, table(rules_scores)


def test_the_floor_also_holds_on_what_the_development_group_installs(rules_scores):
    always = [one for one in rules_scores if _package(one) != "causaldata"]
    assert len(always) >= 150
    assert share(always, "right") >= 0.85, table(always)
    assert share(always, "wrong") <= 0.03, table(always)


def _package(one: Score) -> str:
    return next(file.source.package for file in FILES if file.dataset == one.case.dataset)


def test_an_undecided_question_says_why(rules_scores):
    assert [one.case.question.ask for one in rules_scores if one.outcome == "undecided" and not any(one.reasons)] == []


def test_each_data_set_is_read_from_a_file_inside_its_package():
    present = [file for file in FILES if file.source.package != "causaldata"]
    assert all(isinstance(shipped_file(file.source), Path) for file in present)
