from __future__ import annotations

import datetime
import hashlib
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kosmos_graph.data.load import fingerprint, load_dataset, load_datasets
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.errors import BadInput

from .reading import levels, read


def workbook(path: Path, **sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path.read_bytes()


def test_the_first_excel_sheet_with_data_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [],
        ["day", "v", "on"],
        [datetime.datetime.fromisoformat("2020-01-31"), 1.5, True],
        [datetime.date(2020, 2, 1), None, False],
    ]
    content = workbook(tmp_path / "b.xlsx", Cover=[], Data=rows, More=[["x"], [1]])
    card = read(tmp_path, content, "b.xlsx").card
    assert (card.format, card.rows, card.notes) == ("excel", 2, ("The sheet `Data` was read, and not `Cover`, `More`.",))
    assert [column.kind for column in card.columns] == [Kind.DATETIME, Kind.CONTINUOUS, Kind.BINARY]
    assert (card.columns[0].earliest, card.columns[0].latest, card.columns[1].missing) == ("2020-01-31", "2020-02-01", 1)


def test_excel_errors_are_missing_and_formulas_without_a_value_too(tmp_path: Path) -> None:
    content = workbook(tmp_path / "b.xlsx", Data=[["v", "w"], ["#DIV/0!", 1], [2.5, 2], ["=1+1", 3]])
    assert read(tmp_path, content, "b.xlsx").card.columns[0].missing == 2


def test_parquet_types_are_read(tmp_path: Path) -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    table = pa.table(
        {
            "flag": [True, False, None],
            "whole": pa.array([1, 2, None], pa.int64()),
            "half": pa.array([0.5, 1.5, float("nan")], pa.float32()),
            "money": [Decimal("1.50"), Decimal("2.25"), None],
            "level": pa.array(["a", "b", "a"]).dictionary_encode(),
            "day": [datetime.date(2020, 1, 1), None, datetime.date(2020, 1, 3)],
            "moment": pa.array([datetime.datetime(2020, 1, 1, 12, tzinfo=zone)] * 3, pa.timestamp("ns", "Europe/Paris")),
            "took": [datetime.timedelta(seconds=1.5), None, datetime.timedelta(days=1)],
            "many": [[1, 2], None, [3]],
            "blob": [b"\xff\x00", b"x", None],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    dataset = read(tmp_path, (tmp_path / "t.parquet").read_bytes(), "t.parquet")
    kinds = {column.name: column.kind for column in dataset.card.columns}
    assert kinds == {
        "flag": Kind.BINARY,
        "whole": Kind.BINARY,
        "half": Kind.CONTINUOUS,
        "money": Kind.CONTINUOUS,
        "level": Kind.BINARY,
        "day": Kind.DATETIME,
        "moment": Kind.DATETIME,
        "took": Kind.CONTINUOUS,
        "many": Kind.BINARY,
        "blob": Kind.EMPTY,
    }
    assert dataset.card.columns[6].latest == "2020-01-01T10:00:00"
    assert dataset.frame["took"].tolist()[::2] == [1.5, 86400.0]
    assert dataset.card.notes == ("Column 10 holds binary data, which was not read.",)


def test_json_lines_take_columns_in_order_of_appearance(tmp_path: Path) -> None:
    dataset = read(tmp_path, '{"b":1.5,"a":"x"}\n\n{"b":2.5,"c":true,"a":null}\n{"a":"y","c":false,"b":NaN}\n', "d.jsonl")
    assert list(dataset.frame.columns) == ["b", "a", "c"]
    assert [column.missing for column in dataset.card.columns] == [1, 1, 1]
    assert levels(dataset.card.columns[2]) == ["false", "true"]


def test_an_array_of_objects_is_read_like_json_lines(tmp_path: Path) -> None:
    assert read(tmp_path, '[{"a": 1.5}, {"a": 2.5}]', "d.json").frame["a"].tolist() == [1.5, 2.5]


def test_the_format_of_a_file_without_an_ending_is_found_out(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1.5, 2.5]}), tmp_path / "t.parquet")
    contents = {
        "csv": b"a,b\n1,2\n3,4\n",
        "parquet": (tmp_path / "t.parquet").read_bytes(),
        "excel": workbook(tmp_path / "b.xlsx", S=[["a"], [1.5]]),
        "json lines": b'{"a": 1}\n',
    }
    assert {kind: read(tmp_path, content, "data").card.format for kind, content in contents.items()} == {
        kind: kind for kind in contents
    }


def test_the_fingerprint_is_the_sha256_of_the_bytes(tmp_path: Path) -> None:
    content = b"a,b\n1,2\n3,4\n"
    card = read(tmp_path, content).card
    assert card.sha256 == fingerprint(tmp_path / "data.csv") == hashlib.sha256(content).hexdigest()
    assert (card.name, card.path) == ("data.csv", str(tmp_path / "data.csv"))


def test_several_files_get_unique_names_in_order(tmp_path: Path) -> None:
    paths = [tmp_path / folder / "d.csv" for folder in ("p", "q", "r")]
    for path in paths:
        path.parent.mkdir()
        path.write_text("a,b\n1,2\n3,4\n")
    assert [dataset.card.name for dataset in load_datasets(paths, StudySheet())] == ["d.csv", "d (2).csv", "d (3).csv"]


def test_the_same_file_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "link.csv").symlink_to(path)
    with pytest.raises(BadInput, match="is given twice"):
        load_datasets([path, tmp_path / "link.csv"], StudySheet())


def test_title_rows_above_the_header_of_a_workbook_are_passed_over(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["Results of the trial"], [], ["group", "kg", "x"], ["a", 1.5, 1], ["b", 2.5, 2], ["Total", 4, 3]):
        book.active.append(row)
    book.save(tmp_path / "f.xlsx")
    card = load_dataset(tmp_path / "f.xlsx", StudySheet()).card
    assert ([column.name for column in card.columns], card.rows) == (["group", "kg", "x"], 2)
    assert card.notes[0] == "2 rows above the header passed over."
