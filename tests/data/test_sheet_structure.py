"""What a study sheet may say of how rows came about: follow-up, exposure, weights, clusters."""

from __future__ import annotations

from pathlib import Path

import pytest

from kosmos_graph.data.sheet import check_sheet, read_sheet
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.errors import BadInput

from .reading import read

SHEET = {
    "design": "survey",
    "cluster": "village",
    "weight": "stands_for",
    "stratum": "region",
    "duration": "months",
    "event": "died",
    "exposure": "person_years",
}
HEADER = "village,region,stands_for,months,died,person_years,cases,note\n"
ROWS = "".join(
    f"v{n % 4},{'east' if n % 2 else 'west'},{10.5 + n},{n + 1.5},{'yes' if n % 3 else 'no'},{100.25 + n},{n},word{n}x\n"
    for n in range(12)
)


def checked(folder: Path, about: dict[str, object], rows: str = ROWS) -> StudySheet:
    sheet = read_sheet(about)
    check_sheet(sheet, (read(folder, HEADER + rows, about=about).card,))
    return sheet


def test_what_is_stated_of_rows_is_read_and_declared(tmp_path: Path) -> None:
    assert checked(tmp_path, SHEET).model_copy(update={"sha256": None}) == StudySheet(**SHEET, declared=tuple(sorted(SHEET)))


def test_nothing_is_stated_of_rows_unless_the_user_does() -> None:
    sheet = read_sheet({"unit": "person"})
    assert {name: getattr(sheet, name) for name in SHEET if name != "design"} == dict.fromkeys(set(SHEET) - {"design"})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"event": None}, "write `event: happened`, and `happened: 1 + 0 * months` under `derived`."),
        ({"duration": None}, "The study sheet states `event` and not `duration`: follow-up takes both columns."),
        ({"duration": "region"}, "The study sheet's duration column `region` is binary, not numeric."),
        ({"weight": "region"}, "The study sheet's weight column `region` is binary, not numeric."),
        ({"exposure": "village"}, "The study sheet's exposure column `village` is nominal, not numeric."),
        ({"event": "months"}, "The study sheet's event column `months` is continuous, not yes/no."),
        ({"exposure": "person_year"}, "column `person_year` in `exposure` (did you mean `person_years`?)"),
        ({"event": "deaths"}, "column `deaths` in `event`"),
    ],
    ids=str,
)
def test_a_statement_that_the_columns_contradict_is_one_sentence(tmp_path: Path, changes: dict[str, object], sentence: str) -> None:
    about = {name: value for name, value in {**SHEET, **changes}.items() if value is not None}
    with pytest.raises(BadInput) as refused:
        checked(tmp_path, about)
    assert sentence in str(refused.value)


def test_a_column_is_named_by_a_word_and_not_by_a_list(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="`exposure`"):
        checked(tmp_path, {**SHEET, "exposure": ["person_years"]})


@pytest.mark.parametrize("all_rows", ["yes", "1", "True", "no", "died", "never"])
def test_an_event_column_that_is_the_same_in_every_row_is_one(tmp_path: Path, all_rows: str) -> None:
    rows = ROWS.replace(",no,", ",yes,").replace(",yes,", f",{all_rows},")
    (died,) = (c for c in read(tmp_path, HEADER + rows, about=SHEET).card.columns if c.name == "died")
    assert (died.kind, [(level.name, level.n) for level in died.levels]) == (Kind.BINARY, [(all_rows.replace("True", "true"), 12)])
    assert checked(tmp_path, SHEET, rows).event == "died"


def test_where_every_row_had_the_event_the_column_can_be_derived(tmp_path: Path) -> None:
    about = {**SHEET, "event": "happened", "derived": {"happened": "1 + 0 * months"}}
    assert checked(tmp_path, about).event == "happened"


def test_a_positive_level_that_no_row_has_is_named_with_the_level_that_all_have(tmp_path: Path) -> None:
    about = {**SHEET, "dictionary": {"died": {"positive": "yes"}}}
    with pytest.raises(BadInput, match="`yes` as the positive level of `died`, which has no such level: all its cells are `no`"):
        checked(tmp_path, about, ROWS.replace(",yes,", ",no,"))
