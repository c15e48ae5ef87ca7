from __future__ import annotations

from pathlib import Path

import pytest

from kosmos_graph.data.load import load_datasets
from kosmos_graph.data.sheet import check_sheet, read_sheet
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.study_sheet import ColumnStatement, Covariate, SmallestEffect, StatedHypothesis, StudySheet
from kosmos_graph.errors import BadInput

from .reading import levels, read

EXAMPLES = Path(__file__).parents[2] / "examples"
WHOLE = """
design: randomized
unit: animal
id: subject
treatment: arm
Primary-Outcome: weight
smallest_effect: 2.5
covariates: {age: pre-treatment, site: confounder}
dictionary:
  sex: {label: Sex, coding: {1: male, 2: female}, positive: female}
  age: {valid range: [0, 120], missing_codes: -99, unit: years}
  pain: {order: [no, some, much]}
hypotheses:
  - Heavier animals live longer.
  - {statement: Treated animals are heavier., outcome: weight, predictors: arm, direction: positive}
exclusions:
  - {column: age, operator: "<", value: 18}
  - {column: site, operator: in, value: [x, no]}
  - {column: weight, operator: is missing}
"""


def sheet_of(folder: Path, text: str) -> StudySheet:
    path = folder / "about.yaml"
    path.write_text(text, encoding="utf-8")
    return read_sheet(path)


def test_a_whole_sheet_is_read(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, WHOLE)
    assert sheet.model_copy(update={"sha256": None}) == StudySheet(
        design="randomised",
        unit="animal",
        id="subject",
        treatment="arm",
        primary_outcome="weight",
        smallest_effect=SmallestEffect(value=2.5, source="user"),
        covariates=(Covariate(column="age", role="pre-treatment"), Covariate(column="site", role="confounder")),
        dictionary=(
            ColumnStatement(column="sex", label="Sex", coding=(("1", "male"), ("2", "female")), positive="female"),
            ColumnStatement(column="age", valid_low=0, valid_high=120, missing_codes=("-99",), unit="years"),
            ColumnStatement(column="pain", order=("no", "some", "much")),
        ),
        hypotheses=(
            StatedHypothesis(statement="Heavier animals live longer."),
            StatedHypothesis(statement="Treated animals are heavier.", outcome="weight", predictors=("arm",), direction="positive"),
        ),
        exclusions=(
            Filter(column="age", operator="<", value=18),
            Filter(column="site", operator="in", value=("x", "no")),
            Filter(column="weight", operator="is missing"),
        ),
        declared=(
            "covariates",
            "design",
            "dictionary",
            "exclusions",
            "hypotheses",
            "id",
            "primary_outcome",
            "smallest_effect",
            "treatment",
            "unit",
        ),
    )


def test_no_sheet_declares_nothing(tmp_path: Path) -> None:
    assert read_sheet(None) == read_sheet({}) == sheet_of(tmp_path, "# nothing\n") == StudySheet()


def test_the_same_content_has_the_same_digest_as_file_and_as_mapping(tmp_path: Path) -> None:
    mapping = {"dictionary": {"v": {"valid_range": [0, 2.5], "positive": True}}, "id": "s"}
    text = "# a comment\nid: s\ndictionary: {v: {valid_range: [0, 2.5], positive: 'true'}}\n"
    assert read_sheet(mapping) == sheet_of(tmp_path, text)
    assert read_sheet(mapping).sha256 != read_sheet({"id": "s"}).sha256


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("desing: paired", "unknown key `desing`; did you mean `design`?"),
        ("zzz: 1", "unknown key `zzz`; known are design, unit"),
        ("design: crossover", "must be one of randomised, observational"),
        ("id: [a, b]", "`id` must be one piece of text"),
        ("smallest_effect: big", "must be a number, and is `big`"),
        ("smallest_effect: {value: -1}", "greater than zero"),
        ("smallest_effect: {value: 1, source: guess}", "must be one of user, literature, model"),
        ("smallest_effect: {value: .inf}", "must be a number"),
        ("covariates: [age]", "must be a mapping"),
        ("covariates: {age: nuisance}", "role of `age` must be one of pre-treatment"),
        ("dictionary: {v: {codings: {1: a}}}", "unknown key `codings`; did you mean `coding`?"),
        ("dictionary: {v: {kind: number}}", "must be one of continuous, count"),
        ("dictionary: {v: {valid_range: [9, 1]}}", "low end is above its high end"),
        ("dictionary: {v: {valid_range: 5}}", "a list of two numbers"),
        ("dictionary: {v: {order: [a, a]}}", "names a level twice"),
        ("hypotheses: [{outcome: v}]", "statement must be one piece of text"),
        ("hypotheses: [{statement: x, direction: up}]", "must be one of positive, negative"),
        ("exclusions: [{column: v, operator: '=<', value: 1}]", "must be one of ==, !="),
        ("exclusions: [{column: v, operator: '<'}]", "value must be one piece of text"),
        ("missing: impute", "must be one of complete cases"),
        ("outliers: drop", "must be one of keep"),
        ("just text", "no list of `key: value` lines"),
        ("- a\n- b", "no list of `key: value` lines"),
        ("a: [1, 2", "is not valid YAML"),
        ("id: a\nid: b", "the key `id` is given twice"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("id: !!python/object/apply:os.system ['true']", "`id` must be one piece of text"),
        ("[" * 5000, "is not valid YAML|nested too deeply"),
    ],
)
def test_a_bad_sheet_is_refused_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadInput) as refusal:
        sheet_of(tmp_path, text)
    assert any(part in str(refusal.value) for part in sentence.split("|"))
    assert "\n" not in str(refusal.value)


def test_a_missing_sheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such"):
        read_sheet(tmp_path / "none.yaml")


def test_columns_that_do_not_exist_are_named_with_the_near_ones(tmp_path: Path) -> None:
    card = read(tmp_path, "body_mass_g,sex\n1.5,m\n2.5,f\n").card
    sheet = read_sheet({"primary_outcome": "body_mas", "covariates": {"zzz": "confounder"}})
    with pytest.raises(BadInput) as refusal:
        check_sheet(sheet, [card])
    assert str(refusal.value) == (
        "The study sheet names what the data do not have: column `body_mas` in `primary_outcome` (did you mean `body_mass_g`?); "
        "column `zzz` in `covariates`."
    )


def test_a_column_may_stand_in_any_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1.5,2\n2.5,3\n")
    (tmp_path / "b.csv").write_text("z,w\n1.5,2\n2.5,3\n")
    sheet = read_sheet({"primary_outcome": "z", "treatment": "y"})
    cards = [dataset.card for dataset in load_datasets([tmp_path / "a.csv", tmp_path / "b.csv"], sheet)]
    check_sheet(sheet, cards)
    check_sheet(sheet, [])


def test_exclusions_and_weights_that_cannot_apply_are_refused(tmp_path: Path) -> None:
    card = read(tmp_path, "w,sex\nx,m\ny,f\n").card
    with pytest.raises(BadInput, match="has no level `g`"):
        check_sheet(read_sheet({"exclusions": [{"column": "sex", "operator": "==", "value": "g"}]}), [card])
    with pytest.raises(BadInput, match="not numeric"):
        check_sheet(read_sheet({"weight": "w"}), [card])


def about(**entry: object) -> dict[str, object]:
    return {"dictionary": {"v": entry}}


def test_a_coding_names_levels_and_numbers_match_however_written(tmp_path: Path) -> None:
    card = read(tmp_path, "v,w\n1,5\n2.0,6\n1,7\n", about=about(coding={1: "male", 2: "female"}, positive=2, reference="Male")).card
    assert (card.columns[0].kind, levels(card.columns[0])) == (Kind.BINARY, ["female", "male"])
    assert (card.columns[0].positive, card.columns[0].reference) == ("female", "male")


def test_a_stated_kind_beats_inference(tmp_path: Path) -> None:
    content = "v,w\n" + "".join(f"{number % 4},1.5\n" for number in range(40))
    for kind in ("continuous", "count", "ordinal", "nominal", "identifier", "free text"):
        assert read(tmp_path, content, about=about(kind=kind)).card.columns[0].kind.value == kind


def test_a_stated_order_beats_the_known_one(tmp_path: Path) -> None:
    card = read(tmp_path, "v,w\nlow,1\nhigh,2\nmedium,3\nlow,5\n", about=about(order=["high", "medium", "low", "none"])).card
    assert levels(card.columns[0]) == ["high", "medium", "low"]


def test_missing_codes_match_as_text_and_as_numbers_and_ranges_make_missing(tmp_path: Path) -> None:
    content = "v,w\n1.5,1\n-99.0,2\nrefused,3\n2.5,4\n500,5\n"
    card = read(tmp_path, content, about=about(missing_codes=[-99, "refused"], valid_range=[0, 100])).card.columns[0]
    assert (card.kind, card.missing, card.low, card.high) == (Kind.CONTINUOUS, 3, 1.5, 2.5)
    assert card.notes == ("1 cell outside the valid range that the study sheet states made missing.",)


def test_unit_and_label_come_from_the_sheet(tmp_path: Path) -> None:
    card = read(tmp_path, "v,w\n1.5,1\n2.5,2\n", about=about(unit="furlong", label="How far")).card.columns[0]
    assert (card.unit, card.label) == ("furlong", "How far")


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"kind": "continuous"}, "none of its cells is a number"),
        ({"kind": "date-time"}, "no dates that can be read"),
        ({"kind": "binary"}, "it has 3 levels"),
        ({"order": ["low", "high"]}, "leaves out 1 level of the data (`medium`)"),
        ({"positive": "hihg"}, "has no such level; did you mean `high`?"),
        ({"valid_range": [0, 1]}, "not numeric"),
        ({"kind": "free text", "positive": "low"}, "is free text and has none"),
    ],
)
def test_statements_that_the_cells_contradict_are_refused(tmp_path: Path, entry: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read(tmp_path, "v,w\nlow,1\nhigh,2\nmedium,3\nlow,5\n", about=about(**entry))
    assert sentence in str(refusal.value)


def test_the_example_sheet_fits_its_data() -> None:
    sheet = read_sheet(EXAMPLES / "tutoring.about.yaml")
    dataset = load_datasets([EXAMPLES / "tutoring.csv"], sheet)[0]
    check_sheet(sheet, [dataset.card])
    assert sheet.design == "randomised"
    passed = dataset.card.column("passed")
    assert passed is not None
    assert passed.positive == "yes"


def test_the_worked_example_of_the_documentation_is_a_sheet(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "study-sheet.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    sheet = sheet_of(tmp_path, example)
    assert set(sheet.declared) == set(StudySheet.model_fields) - {"declared", "sha256"}


YEARS = "id,year,y\n" + "".join(f"{unit},{year},{unit * 7 % 13}.5\n" for unit in range(12) for year in (2004, 1999))


def test_two_declared_times_are_levels_in_order_of_time(tmp_path: Path) -> None:
    about: dict[str, object] = {"design": "before-after", "id": "id", "time": "year"}
    dataset = read(tmp_path, YEARS, about=about)
    assert (dataset.card.columns[1].kind, levels(dataset.card.columns[1])) == (Kind.BINARY, ["1999", "2004"])
    assert dataset.frame["year"][0] == "2004"
    days = YEARS.replace(",1999,", ",31.12.1999,").replace(",2004,", ",01.02.2004,")
    assert levels(read(tmp_path, days, about=about).card.columns[1]) == ["1999-12-31", "2004-02-01"]


def test_times_of_a_series_more_than_two_times_and_stated_kinds_stay_as_they_are(tmp_path: Path) -> None:
    series: dict[str, object] = {"design": "time series", "time": "year"}
    assert read(tmp_path, YEARS, about=series).card.columns[1].kind is Kind.COUNT
    about: dict[str, object] = {"design": "before-after", "id": "id", "time": "year"}
    assert read(tmp_path, YEARS + "0,2009,1.5\n", about=about).card.columns[1].kind is Kind.COUNT
    stated = {**about, "dictionary": {"year": {"kind": "count"}}}
    assert read(tmp_path, YEARS, about=stated).card.columns[1].kind is Kind.COUNT


def test_a_declared_treatment_of_few_numbers_is_of_levels(tmp_path: Path) -> None:
    content = "dose,y\n" + "".join(f"{number % 3 * 0.5},{number * 7 % 13}.5\n" for number in range(30))
    card = read(tmp_path, content, about={"treatment": "dose"}).card.columns[0]
    assert (card.kind, levels(card)) == (Kind.NOMINAL, ["0", "0.5", "1"])
    many = "dose,y\n" + "".join(f"{number % 15},{number * 7 % 13}.5\n" for number in range(60))
    assert read(tmp_path, many, about={"treatment": "dose"}).card.columns[0].kind is Kind.COUNT
