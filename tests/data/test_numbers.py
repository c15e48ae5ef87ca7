from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kosmos_graph.domain.data_card import Kind

from .reading import column, read


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=40))
def test_numbers_are_read_as_python_reads_them(numbers: list[float]) -> None:
    written = [repr(number) for number in numbers]
    with tempfile.TemporaryDirectory() as folder:
        frame = read(
            Path(folder),
            "v,w\n" + "".join(f"{text},{text}0.5\n" for text in written),
            about={"dictionary": {"v": {"kind": "continuous"}}},
        ).frame
    assert frame["v"].tolist() == [float(text) for text in written]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.from_regex(r"[+-]?[0-9]{1,25}\.[0-9]{1,25}([eE][+-]?[0-9]{1,2})?", fullmatch=True), min_size=3, max_size=30))
def test_long_decimals_are_rounded_correctly(written: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        frame = read(
            Path(folder),
            "v\n" + "".join(f"{text}\n" for text in [*written, "0.5"]),
            about={"dictionary": {"v": {"kind": "continuous"}}},
        ).frame
    assert frame["v"].tolist() == [float(text) for text in [*written, "0.5"]]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (("1,5", "2,25", "1.234,5"), [1.5, 2.25, 1234.5]),
        (("1.5", "1,234.5", "12,345"), [1.5, 1234.5, 12345.0]),
        (("1.234.567", "12.345", "7"), [1234567.0, 12345.0, 7.0]),
        (("1 234", "12 345,5", "7"), [1234.0, 12345.5, 7.0]),
        (("1'234.5", "12'345.25", "7"), [1234.5, 12345.25, 7.0]),
        (("1\u202f234", "12\u00a0345", "7"), [1234.0, 12345.0, 7.0]),
        (("−1.5", "+2", ".5", "5.", "1e3"), [-1.5, 2.0, 0.5, 5.0, 1000.0]),
        (("0,125", "0,250", "0,375"), [0.125, 0.25, 0.375]),
        (("1.234", "2.345", "3.456"), [1.234, 2.345, 3.456]),
        (("2.766", "919", "1.517", "850", "12.588", "731"), [2766.0, 919.0, 1517.0, 850.0, 12588.0, 731.0]),
        (("2,766", "919", "1,517", "850", "12,588", "731"), [2766.0, 919.0, 1517.0, 850.0, 12588.0, 731.0]),
        (("2.766", "999", "1.517", "888", "1.588", "777"), [2.766, 999.0, 1.517, 888.0, 1.588, 777.0]),
        (("2.766", "919", "1.517", "850", "1.588", "7"), [2.766, 919.0, 1.517, 850.0, 1.588, 7.0]),
    ],
)
def test_decimal_marks_and_thousands_separators_are_found_out(tmp_path: Path, cells: tuple[str, ...], values: list[float]) -> None:
    rows = "".join(f"{cell}\tx\n" for cell in cells)
    assert read(tmp_path, f"v\tw\n{rows}", "data.tsv").frame["v"].tolist() == values


def test_a_decimal_comma_elsewhere_in_the_file_settles_a_column_that_could_be_either(tmp_path: Path) -> None:
    frame = read(tmp_path, "a;b\n1.234;0,5\n2.345;1,25\n3.456;2,5\n").frame
    assert frame["a"].tolist() == [1234.0, 2345.0, 3456.0]


def test_an_undecidable_comma_is_noted(tmp_path: Path) -> None:
    card = read(tmp_path, "v\tw\n1,234\tx\n2,345\ty\n").card.columns[0]
    assert card.low == 1234
    assert any("it was taken for the latter" in note for note in card.notes)
    card = read(tmp_path, "v;w\n1,234;x\n2,345;y\n").card.columns[0]
    assert card.low == 1.234
    assert any("it was taken for the former" in note for note in card.notes)


@pytest.mark.parametrize("cell", ["1_000", "١٢", "0x10", "1 2", "1,2,3", "1.2.3", "--1", "1e", "$"])
def test_what_is_no_number_is_not_made_one(tmp_path: Path, cell: str) -> None:
    card = column(tmp_path, *(f"{number}.5" for number in range(30)), cell)
    assert (card.kind, card.missing, card.high) == (Kind.CONTINUOUS, 1, 29.5)
    assert "Cells that are no numbers and count as missing: 1 of 31." in card.notes


def test_under_95_percent_numbers_is_no_numeric_column(tmp_path: Path) -> None:
    card = column(tmp_path, *(str(number) for number in range(18)), "low", "low")
    assert not card.kind.numeric
    assert any("18 of 20 cells are numbers" in note for note in card.notes)


def test_percent_and_currency_signs_become_the_unit(tmp_path: Path) -> None:
    assert column(tmp_path, "12%", "15.5 %", "13%").unit == "%"
    dollars = column(tmp_path, "$1,200.50", "-$3", "$4")
    assert (dollars.unit, dollars.low, dollars.high) == ("$", -3.0, 1200.5)


def test_a_number_without_the_percent_sign_of_the_others_is_not_mixed_in(tmp_path: Path) -> None:
    card = column(tmp_path, *(f"{number}%" for number in range(1, 40)), "0.12")
    assert (card.low, card.missing) == (1.0, 1)


def test_infinity_is_missing_with_a_note(tmp_path: Path) -> None:
    card = column(tmp_path, "1.5", "2.5", "inf", "-inf")
    assert (card.missing, card.high) == (2, 2.5)
    assert any("infinite" in note for note in card.notes)


def test_codes_with_leading_zeros_stay_text(tmp_path: Path) -> None:
    assert read(tmp_path, "zip,v\n01234,1\n10001,2\n01234,3\n").frame["zip"].tolist() == ["01234", "10001", "01234"]


def test_a_number_that_looks_like_a_missing_code_is_hinted_at_and_kept(tmp_path: Path) -> None:
    card = column(tmp_path, "34", "45", "-99", "23", "31")
    assert card.low == -99
    assert any("declare it as a missing code" in note for note in card.notes)


def test_numbers_survive_every_format(tmp_path: Path) -> None:
    numbers = [0.1 + 0.2, 1e-300, 123456789.123456789, -5e-324, 1 / 3]
    frame = pd.DataFrame({"v": numbers, "w": ["a", "b", "a", "b", "a"]})
    frame.to_csv(tmp_path / "f.csv", index=False)
    frame.to_parquet(tmp_path / "f.parquet")
    (tmp_path / "f.jsonl").write_text("".join(json.dumps({"v": number, "w": "a"}) + "\n" for number in numbers))
    for name in ("f.csv", "f.parquet", "f.jsonl"):
        assert read(tmp_path, (tmp_path / name).read_bytes(), name).frame["v"].tolist() == numbers


def test_numbers_in_brackets_beside_others_are_negative(tmp_path: Path) -> None:
    card = column(tmp_path, "(1,200.50)", "7", "-1")
    assert (card.low, card.high) == (-1200.5, 7)
    dollars = column(tmp_path, "($5.00)", "$(6.50)", "$7", "$8")
    assert (dollars.low, dollars.high, dollars.unit) == (-6.5, 8, "$")
    assert "2 cells in brackets read as negative." in dollars.notes
    assert not column(tmp_path, "(1)", "(2)", "(3)", "(1)").kind.numeric


def test_a_unit_or_currency_code_in_every_cell_is_the_unit(tmp_path: Path) -> None:
    for cell, unit in (("{} kg", "kg"), ("{}mm", "mm"), ("{} mg/dL", "mg/dL"), ("USD {}", "USD"), ("{} EUR", "EUR")):
        card = column(tmp_path, *(cell.format(number) for number in range(20)))
        assert (card.kind, card.unit, card.high) == (Kind.CONTINUOUS, unit, 19)


def test_few_doses_multiples_and_mixed_units_are_not_made_numbers(tmp_path: Path) -> None:
    assert column(tmp_path, *("0 mg", "5 mg", "10 mg") * 4).kind is Kind.NOMINAL
    assert not column(tmp_path, *(f"{number}k" for number in range(20))).kind.numeric
    assert not column(tmp_path, *(f"{number} {'kg' if number % 2 else 'mg'}" for number in range(20))).kind.numeric


def test_the_n_before_numbers_of_cases_is_passed_over(tmp_path: Path) -> None:
    assert column(tmp_path, "n=12", "n = 15", "N=13").high == 15


def test_signs_and_semicolons_with_decimal_commas_and_points_for_thousands_are_read(tmp_path: Path) -> None:
    frame = read(tmp_path, "a;b\n1.234,50;+1\n-2.234,75;-2\n12,00;+3\n1.000.000,00;4\n").frame
    assert frame["a"].tolist() == [1234.5, -2234.75, 12.0, 1000000.0]
    assert frame["b"].tolist() == [1.0, -2.0, 3.0, 4.0]
