from __future__ import annotations

from pathlib import Path

import pytest

from kosmos_graph.data.dataset import Dataset
from kosmos_graph.data.filters import complaint, mask
from kosmos_graph.domain.filters import Filter

from .reading import read

ROWS = """n,flag,size,colour,day,id,gone
1.5,0,low,red,2020-01-01,a1,
0,1,high,blue,2020-06-01,a2,
,,,,,,
-3,1,medium,red,2021-01-01,12,
2,0,low,,2022-01-01T12:00:00,a4,
"""


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    about = {"id": "id", "dictionary": {"size": {"order": ["low", "medium", "high"]}, "colour": {"kind": "nominal"}}}
    return read(tmp_path, ROWS.replace(",,,,,,\n", "NA,NA,NA,NA,NA,NA,NA\n"), about=about)


@pytest.mark.parametrize(
    ("column", "operator", "value", "rows"),
    [
        ("n", "==", 0.0, [1]),
        ("n", "==", "1.5", [0]),
        ("n", "!=", 0.0, [0, 3, 4]),
        ("n", "<", 0.0, [3]),
        ("n", ">=", "1.5", [0, 4]),
        ("n", "in", ("0", "2"), [1, 4]),
        ("n", "not in", ("0", "2"), [0, 3]),
        ("n", "is missing", None, [2]),
        ("n", "is not missing", None, [0, 1, 3, 4]),
        ("flag", "==", "1", [1, 3]),
        ("flag", "==", 1.0, [1, 3]),
        ("flag", "!=", 1.0, [0, 4]),
        ("size", ">", "low", [1, 3]),
        ("size", "<=", "medium", [0, 3, 4]),
        ("size", "in", ("low", "high"), [0, 1, 4]),
        ("colour", "not in", ("red",), [1]),
        ("colour", "is missing", None, [2, 4]),
        ("day", "<", "2021-01-01", [0, 1]),
        ("day", ">=", 2021.0, [3, 4]),
        ("day", "==", "2022-01-01T12:00:00", [4]),
        ("id", "==", 12.0, [3]),
        ("id", "in", ("a1", "a4"), [0, 4]),
        ("gone", "is missing", None, [0, 1, 2, 3, 4]),
        ("gone", "==", "x", []),
    ],
)
def test_conditions_keep_the_rows_that_satisfy_them(
    data: Dataset, column: str, operator: str, value: object, rows: list[int]
) -> None:
    condition = Filter.model_validate({"column": column, "operator": operator, "value": value})
    kept = mask(data.frame, condition)
    assert complaint(condition, data.card) is None
    assert kept.dtype == bool
    assert kept[kept].index.tolist() == rows


@pytest.mark.parametrize(
    ("column", "operator", "value", "sentence"),
    [
        ("colur", "==", "red", "`data.csv` has no column `colur`; did you mean `colour`?"),
        ("colour", "==", "rde", "`colour` has no level `rde`; did you mean `red`?"),
        ("colour", "<", "red", "`colour` is nominal and has no order, so `<` does not apply to it."),
        ("n", "==", "many", "`n` holds numbers, and `many` is none."),
        ("day", "<", "soon", "`day` holds dates, and `soon` is no date such as 2024-12-31."),
        ("n", "in", 1.0, "The condition on `n` with `in` takes a list of values, and has one value."),
        ("n", "<", None, "The condition on `n` with `<` takes one value, and has no value."),
        ("n", "is missing", 1.0, "The condition on `n` with `is missing` takes no value, and has one value."),
        ("colour", "in", ("red", "pink"), "`colour` has no level `pink`."),
    ],
)
def test_a_condition_that_cannot_apply_gets_a_sentence(
    data: Dataset, column: str, operator: str, value: object, sentence: str
) -> None:
    condition = Filter.model_validate({"column": column, "operator": operator, "value": value})
    assert complaint(condition, data.card) == sentence


def test_a_condition_is_never_code(data: Dataset) -> None:
    condition = Filter(column="id", operator="==", value="@pd.io.common.os.system('true')")
    assert not mask(data.frame, condition).any()
