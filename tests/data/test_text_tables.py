from __future__ import annotations

from pathlib import Path

import pytest

from .reading import read


@pytest.mark.parametrize(("sign", "kind"), [(",", "csv"), (";", "csv"), ("|", "csv"), ("\t", "tsv")])
def test_the_delimiter_is_found_out(tmp_path: Path, sign: str, kind: str) -> None:
    lines = [["a", "b", "c"], ["1", "x y", "2.5"], ["2", "z", "3.5"]]
    dataset = read(tmp_path, "".join(sign.join(line) + "\n" for line in lines))
    assert list(dataset.frame.columns) == ["a", "b", "c"]
    assert dataset.card.format == kind


def test_runs_of_blanks_separate_cells_of_numbers_and_not_words(tmp_path: Path) -> None:
    dataset = read(tmp_path, " a   b  kind\n 1.5 22  x\n12.5  3  y\n 7.5  4  x\n")
    assert dataset.frame[["a", "b"]].to_numpy().tolist() == [[1.5, 22.0], [12.5, 3.0], [7.5, 4.0]]
    assert (dataset.card.format, dataset.card.notes) == ("csv", ("Cells are separated by blanks.",))
    assert list(read(tmp_path, "what happened\nnothing new\nall well\n").frame.columns) == ["what happened"]


def test_semicolons_with_decimal_commas_are_not_cut_at_the_comma(tmp_path: Path) -> None:
    frame = read(tmp_path, "a;b\n1,5;2,5\n3,5;4,5\n5,5;6,5\n").frame
    assert frame.to_numpy().tolist() == [[1.5, 2.5], [3.5, 4.5], [5.5, 6.5]]


def test_one_column_of_sentences_is_not_cut_at_its_commas(tmp_path: Path) -> None:
    frame = read(tmp_path, "comment\nHello, world\nfoo, bar, baz\nqux\n").frame
    assert frame["comment"].tolist() == ["Hello, world", "foo, bar, baz", "qux"]


def test_quoted_cells_keep_delimiters_quotes_and_line_ends(tmp_path: Path) -> None:
    frame = read(tmp_path, 'a,b\n1,"x, ""y""\nz"\n2,"p, q"\n3,r s\n').frame
    assert frame["b"].tolist() == ['x, "y"\nz', "p, q", "r s"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_line_ends_are_read(tmp_path: Path, end: str) -> None:
    assert read(tmp_path, end.join(["a,b", "1,2", "3,4", ""])).frame["b"].tolist() == [2.0, 4.0]


def test_blanks_after_the_delimiter_do_not_break_quotes(tmp_path: Path) -> None:
    assert read(tmp_path, 'a, b, c\n1, "x, y", 2\n3, "z", 4\n').frame["b"].tolist() == ["x, y", "z"]


def test_lines_before_the_header_are_passed_over_with_a_note(tmp_path: Path) -> None:
    body = "a,b,c\n1,2,x\n3,4,y\n5,6,x\n"
    for preamble, lines in (("Report of 2020\n\n", "2 lines"), ("# made by x, on y\n", "1 line"), ("My title,,\n", "1 line")):
        card = read(tmp_path, preamble + body).card
        assert [column.name for column in card.columns] == ["a", "b", "c"]
        assert card.rows == 3
        assert card.notes[0] == f"{lines} before the header passed over."


def test_the_hint_of_excel_is_followed(tmp_path: Path) -> None:
    assert list(read(tmp_path, "sep=;\na;b\n1,5;x\n2;z\n").frame.columns) == ["a", "b"]


def test_a_first_row_of_numbers_is_data(tmp_path: Path) -> None:
    card = read(tmp_path, "1.5,2\n3.5,4\n").card
    assert [column.name for column in card.columns] == ["column 1", "column 2"]
    assert card.rows == 2


def test_a_first_row_of_different_years_is_a_header(tmp_path: Path) -> None:
    assert list(read(tmp_path, "2019,2020\n1,2\n3,4\n").frame.columns) == ["2019", "2020"]


def test_short_rows_are_filled_with_missing_cells_and_noted(tmp_path: Path) -> None:
    card = read(tmp_path, "a,b,c\n1,2,3\n3\n4,5\n6,7,8\n").card
    assert [column.missing for column in card.columns] == [0, 1, 2]
    assert card.notes == ("2 lines (the first is line 3) shorter than the header: missing cells.",)


def test_a_trailing_delimiter_is_no_column(tmp_path: Path) -> None:
    assert list(read(tmp_path, "a,b,\n1,2,\n3,4,\n").frame.columns) == ["a", "b"]
    assert list(read(tmp_path, "a,b\n1,2,\n3,4,\n").frame.columns) == ["a", "b"]


def test_blank_rows_are_left_out_with_a_note(tmp_path: Path) -> None:
    card = read(tmp_path, "a,b\n,\n1,2\n ,\n3,4\n\n").card
    assert (card.rows, card.notes) == (2, ("2 rows in which every cell is blank left out.",))


def test_names_are_made_unique_and_nothing_is_lost(tmp_path: Path) -> None:
    card = read(tmp_path, "a,a,,a (2)\n1,2,3,4\n5,6,7,8\n").card
    assert [column.name for column in card.columns] == ["a", "a (3)", "column 3", "a (2)"]
    assert len(card.notes) == 2


def test_names_are_made_printable(tmp_path: Path) -> None:
    content = f'a\x00b,"c\nd",\u202ee\x1b[31m,{"n" * 300}\n1,2,3,4\n5,6,7,8\n'
    card = read(tmp_path, content).card
    assert [column.name for column in card.columns] == ["a b", "c d", "e [31m", "n" * 99 + "…"]
    assert len(card.notes) == 4


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("naïve,größe\ncafé,1\nrésumé,2\ncafé,3\n", "utf-8-sig"),
        ("naïve,größe\ncafé,1\nrésumé,2\ncafé,3\n", "cp1252"),
        ("naïve,größe\ncafé,1\nrésumé,2\ncafé,3\n", "utf-16"),
        ("naïve,größe\ncafé,1\nrésumé,2\ncafé,3\n", "utf-16-le"),
        ("naïve,größe\ncafé,1\nrésumé,2\ncafé,3\n", "utf-32"),
        ("temp (°C),µg\n5,1\n6,2\n", "cp1252"),
        ("“word”,–,€\n1,2,3\n4,5,6\n", "cp1252"),
        ("имя,возраст\nанна,12\nборис,13\nанна,15\nвиктор,17\n", "cp1251"),
        ("名前,年齢\n東京,1\n大阪,2\n東京,3\n京都市,4\n", "shift_jis"),
        ("姓名,年龄\n北京,1\n上海,2\n北京,3\n广州市,4\n", "gb18030"),
        ("miasto,liczba\nŁódź,1\nKraków,2\nGdańsk,3\nżółć,4\nświnia,5\n", "cp1250"),
    ],
)
def test_encodings_are_found_out(tmp_path: Path, text: str, encoding: str) -> None:
    dataset = read(tmp_path, text.encode(encoding))
    assert list(dataset.frame.columns) == text.split("\n", 1)[0].split(",")
    assert bool(dataset.card.notes) == (encoding != "utf-8-sig")


def test_a_title_with_the_delimiter_in_it_above_a_blank_line_is_passed_over(tmp_path: Path) -> None:
    card = read(tmp_path, "Results, of the trial\n\ngroup,kg,x\na,1.5,1\nb,2.5,2\na,3.5,3\n").card
    assert [column.name for column in card.columns] == ["group", "kg", "x"]
    assert (card.rows, card.notes) == (3, ("2 lines before the header passed over.",))


def test_a_blank_line_under_the_header_does_not_make_it_a_title(tmp_path: Path) -> None:
    assert list(read(tmp_path, "a,b\n\nx,y\nz,1\nx,3\n").frame.columns) == ["a", "b"]


def test_invisible_characters_make_no_level_of_their_own(tmp_path: Path) -> None:
    card = read(tmp_path, "code,b\n4\x00,x\n4,y\n5,x\n5\u200b,z\n\ufeff4,a\n").card
    assert (card.columns[0].kind.value, card.columns[0].distinct) == ("count", 2)
    assert card.notes == ("3 cells of column `code` had control or invisible characters, taken out.",)
    words = read(tmp_path, "w,b\nred\x07,1\nred,2\nblue,3\n\u202eblue,5\n").card.columns[0]
    assert [(level.name, level.n) for level in words.levels] == [("blue", 2), ("red", 2)]


def test_empty_columns_at_the_end_and_blank_cells_are_nothing(tmp_path: Path) -> None:
    card = read(tmp_path, "a,b,,\r\n 1 ,  ,,\r\n2,\t,,\r\n 3 ,x,,\r\n").card
    assert [(column.name, column.missing) for column in card.columns] == [("a", 0), ("b", 2)]


def test_a_file_of_identifiers_alone_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "patient_id\nS01\nS02\nS03\n").card.columns[0].kind.value == "identifier"
