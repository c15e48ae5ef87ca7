"""Whatever the table, the frame is what the `Dataset` contract says."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kosmos_graph.data.dataset import Dataset
from kosmos_graph.data.load import load_dataset
from kosmos_graph.domain.data_card import DataCard, Kind
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.errors import BadInput

cells = st.one_of(
    st.sampled_from(
        ["", "NA", "-", ".", "none", "yes", "no", "TRUE", "low", "high", "1", "2", "0.0", "007", "1,5", "1.234", "-99"]
    ),
    st.sampled_from(
        ["2020-01-31", "31/01/2020", "12%", "$5", "=cmd()", "1e400", "inf", "a\nb", 'q"q', "x\x00y", "1_000", "١٢", "M"]
    ),
    st.integers(-10, 10**20).map(str),
    st.floats(allow_nan=False).map(repr),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=12),
)
names = st.one_of(st.sampled_from(["id", "year", "", "group", "x", "date", "mass_g"]), st.text(max_size=8))


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    width = draw(st.integers(1, 4))
    header = draw(st.lists(names.filter(lambda name: name.isprintable()), min_size=width, max_size=width))
    rows = draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=25))
    return header, rows


def assert_contract(dataset: Dataset) -> None:
    card, frame = dataset.card, dataset.frame
    assert list(frame.columns) == [column.name for column in card.columns]
    assert len(frame) == card.rows
    assert len(set(frame.columns)) == len(frame.columns)
    assert card == DataCard.model_validate_json(card.model_dump_json())
    for column in card.columns:
        values = frame[column.name]
        assert int(values.isna().sum()) == column.missing
        assert values.nunique() == column.distinct
        if column.kind.numeric:
            assert values.dtype == np.float64
            assert np.isfinite(values.dropna()).all()
            assert (column.low, column.high) == ((values.min(), values.max()) if column.distinct else (None, None))
        elif column.kind.categorical:
            assert isinstance(values.dtype, pd.CategoricalDtype)
            assert values.cat.ordered == (column.kind is Kind.ORDINAL)
            assert list(values.cat.categories) == [level.name for level in column.levels]
            assert all(isinstance(level, str) for level in values.cat.categories)
            assert [int((values == level.name).sum()) for level in column.levels] == [level.n for level in column.levels]
            assert all(level.n > 0 for level in column.levels)
        elif column.kind is Kind.DATETIME:
            assert values.dtype.kind == "M"
            assert values.dt.tz is None
        else:
            assert values.dtype == object
            assert all(value is None or isinstance(value, str) for value in values)


@settings(max_examples=150, deadline=None)
@given(tables())
def test_any_table_gives_a_frame_that_keeps_the_contract(table: tuple[list[str], list[list[str]]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(table[0])
    writer.writerows(table[1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_text(out.getvalue(), encoding="utf-8", newline="")
        try:
            dataset = load_dataset(path, StudySheet())
        except BadInput as refusal:
            assert str(refusal).startswith(folder)
            return
        assert_contract(dataset)
        again = load_dataset(path, StudySheet())
        assert again.card == dataset.card
        pd.testing.assert_frame_equal(again.frame, dataset.frame)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([".csv", ".tsv", ".parquet", ".xlsx", ".jsonl", ""]))
def test_any_bytes_are_read_or_refused_with_a_sentence(content: bytes, ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"bytes{ending}"
        path.write_bytes(content)
        try:
            assert_contract(load_dataset(path, StudySheet()))
        except BadInput as refusal:
            assert str(refusal).isprintable()


@pytest.mark.parametrize("name", ["penguins.csv", "nile.csv", "tutoring.csv"])
def test_the_examples_keep_the_contract(name: str) -> None:
    assert_contract(load_dataset(Path(__file__).parents[2] / "examples" / name, StudySheet()))
