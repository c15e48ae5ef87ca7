from __future__ import annotations

from pathlib import Path

import pytest

from .reading import read


def rows_and_notes(folder: Path, content: str) -> tuple[int, tuple[str, ...]]:
    card = read(folder, content).card
    return card.rows, card.notes


@pytest.mark.parametrize(
    "footer",
    [
        "Total,300",
        "total:,300",
        "SUM,300",
        "Grand total,300",
        "Gesamt,300",
        "Summe,300",
        "Total général,300",
        "Average,100",
        "Mean,100.0",
    ],
)
def test_a_row_with_the_sum_or_mean_is_left_out(tmp_path: Path, footer: str) -> None:
    notes = ("1 row with the sum or mean of the rows above left out at the end.",)
    assert rows_and_notes(tmp_path, f"region,sales\nnorth,100\nsouth,150\nwest,50\n{footer}\n") == (3, notes)


def test_a_sum_and_a_mean_may_follow_each_other_and_means_may_be_rounded(tmp_path: Path) -> None:
    content = "region;sales;rate\nnorth;1.000,5;0,10\nsouth;150,25;0,25\nwest;51;0,12\nSumme;1.201,75;\nMittelwert;400,6;0,16\n"
    card = read(tmp_path, content).card
    assert (card.rows, card.columns[1].high, card.columns[2].high) == (3, 1000.5, 0.25)
    assert "2 rows with the sum or mean of the rows above left out at the end." in card.notes


@pytest.mark.parametrize("footer", ["Total,301", "Mean,99", "Total,", "Sum,x"])
def test_a_total_that_the_arithmetic_does_not_confirm_is_kept_with_a_note(tmp_path: Path, footer: str) -> None:
    rows, notes = rows_and_notes(tmp_path, f"region,sales\nnorth,100\nsouth,150\nwest,50\n{footer}\n")
    assert rows == 4
    assert [note for note in notes if "kept, because" in note]


def test_total_as_a_level_is_data(tmp_path: Path) -> None:
    content = "sex,n\nmale,1\nfemale,2\ntotal,3\nmale,4\nfemale,5\ntotal,15\n"
    assert rows_and_notes(tmp_path, content) == (6, ())
    assert rows_and_notes(tmp_path, "region,sales\nnorth,100\nsouth,150\nwest,250\n") == (3, ())


def test_a_row_of_units_under_the_header_gives_the_units(tmp_path: Path) -> None:
    for row in (",kg,cm,", "unit,(kg),[cm],", "-,kg,cm,points"):
        card = read(tmp_path, f"name,weight,height,score\n{row}\na,70.5,180,1\nb,80.5,170,4\na,60.5,165,6\n").card
        assert [(column.kind.value, column.unit) for column in card.columns] == [
            ("binary", None),
            ("continuous", "kg"),
            ("continuous", "cm"),
            ("count", None),
        ]
        assert (card.rows, card.notes) == (3, ("The row under the header holds units and no data.",))


def test_a_unit_that_the_sheet_states_beats_the_row_of_units(tmp_path: Path) -> None:
    about: dict[str, object] = {"dictionary": {"weight": {"unit": "lb"}}}
    card = read(tmp_path, "weight,height\nkg,cm\n70.5,180\n80.5,170\n", about=about).card
    assert [column.unit for column in card.columns] == ["lb", "cm"]


@pytest.mark.parametrize(
    "content",
    [
        "sex,score\nm,\nf,2\nm,3\nf,4\n",
        "sex,score\nm,1\nf,2\nm,3\nf,4\n",
        "size,score\nkg,cm\nlb,2\nkg,3\nlb,4\n",
        "a,b\nlow,high\n1,2\n3,4\n5,6\n",
        "a,b\nkg,7\n1,2\n3,4\n5,6\n",
    ],
)
def test_what_is_no_row_of_units_is_data(tmp_path: Path, content: str) -> None:
    assert rows_and_notes(tmp_path, content)[0] == 4
