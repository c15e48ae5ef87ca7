"""Columns derived by typed expressions: what they may say, what they give, and that no text is evaluated."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kosmos_graph.data.expressions import compute, parse_expression, written
from kosmos_graph.data.load import load_dataset
from kosmos_graph.data.sheet import check_sheet, read_sheet
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.expressions import Application, ColumnTerm, NumberTerm
from kosmos_graph.errors import BadInput

COLUMNS = {"a": np.array([1.0, 4.0, 0.0, math.nan]), "b": np.array([2.0, 0.0, 0.0, 1.0]), "body mass": np.full(4, 9.0)}


def value(text):
    return compute(parse_expression(text, "derived `x`"), COLUMNS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + 2 * b", [5, 4, 0, math.nan]),
        ("-(a - b) ** 2", [-1, -16, 0, math.nan]),
        ("a / b", [0.5, math.nan, math.nan, math.nan]),
        ("sqrt(`body mass`) / abs(-3)", [1, 1, 1, 1]),
        ("log10(max(a, b, 1) * 10)", [1 + math.log10(2), 1 + math.log10(4), 1, math.nan]),
        ("log(a)", [0, math.log(4), math.nan, math.nan]),
        ("10.0 ** (a * 400)", [math.nan, math.nan, 1, math.nan]),
    ],
)
def test_an_expression_is_computed_row_by_row_and_missing_where_it_has_no_finite_value(text, expected):
    np.testing.assert_allclose(np.broadcast_to(value(text), 4), expected, rtol=1e-13)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch pwned')",
        "a.__class__",
        "a[0]",
        "(lambda: 1)()",
        "[x for x in (1,)]",
        "f'{a}'",
        "a if b else 1",
        "a == b",
        "a and b",
        "a @ b",
        "a // b",
        "a % b",
        "'text'",
        "True",
        "1j",
        "1e999",
        "log()",
        "log(a, b)",
        "log(x=a)",
        "log(*a)",
        "eval(a)",
        "a +",
        "",
        "a := 1",
        "\0",
        "-" * 400 + "a",
        "a" * 501,
        "a + 1" + "0" * 400,
    ],
)
def test_what_is_not_on_the_allowlist_is_refused(text):
    with pytest.raises(BadInput, match="derived `x`"):
        parse_expression(text, "derived `x`")


def test_what_is_equal_in_decimals_is_equal_in_a_derived_column():
    tenths = {name: np.array(cells) for name, cells in {"a": [0.3, 0.2, 0.7, 0.3], "b": [0.1, 0.0, 0.5, 0.3]}.items()}
    for text, expected in (("a - b", [0.2, 0.2, 0.2, 0.0]), ("(a - b) * 3", [0.6, 0.6, 0.6, 0.0]), ("a + b - b - a", [0.0] * 4)):
        assert compute(parse_expression(text, "derived `x`"), tenths).tolist() == expected


TERMS = st.recursive(
    st.builds(NumberTerm, value=st.floats(0, 1e20)) | st.builds(ColumnTerm, name=st.sampled_from(["a", "if", "body mass"])),
    lambda inner: (
        st.builds(Application, function=st.sampled_from(["+", "-", "*", "/", "**", "min"]), arguments=st.tuples(inner, inner))
        | st.builds(Application, function=st.sampled_from(["-", "log", "abs"]), arguments=st.tuples(inner))
    ),
    max_leaves=8,
)


@given(TERMS)
def test_an_expression_that_is_written_down_is_read_as_the_same(expression):
    assert parse_expression(written(expression), "derived `x`") == expression


@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_a_sentence(text):
    try:
        parse_expression(text, "derived `x`")
    except BadInput as refused:
        assert "derived `x`" in str(refused)


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "people.csv"
    rows = "\n".join(f"{50 + row},{1.5 + row / 100},{row % 3},{('m', 'f')[row % 2]}" for row in range(40))
    file.write_text(f"weight,height,visits,sex\n{rows}\n")
    return file


def test_a_derived_column_is_a_column_of_the_data_with_its_statements(path):
    sheet = read_sheet(
        {
            "derived": {"bmi": "weight / height ** 2", "double": "2 * bmi", "per_visit": "weight / visits"},
            "dictionary": {"bmi": {"label": "Body mass index", "unit": "kg/m²"}},
            "exclusions": [{"column": "bmi", "operator": ">", "value": 30}],
        }
    )
    dataset = load_dataset(path, sheet)
    check_sheet(sheet, (dataset.card,))
    bmi = dataset.card.column("bmi")
    assert (bmi.kind, bmi.label, bmi.unit) == (Kind.CONTINUOUS, "Body mass index", "kg/m²")
    np.testing.assert_allclose(dataset.frame["bmi"], dataset.frame["weight"] / dataset.frame["height"] ** 2, rtol=1e-13)
    np.testing.assert_array_equal(dataset.frame["double"], 2 * dataset.frame["bmi"])
    divided = dataset.card.column("per_visit")
    assert divided.missing == 14
    assert any("14 rows" in note and "division by zero" in note for note in divided.notes)


def test_a_derived_column_may_be_read_by_one_that_stands_before_it(path):
    sheet = read_sheet({"derived": {"new": "visits + tenfold", "tenfold": "weight * 10", "elsewhere": "age + gone", "gone": "age"}})
    dataset = load_dataset(path, sheet)
    np.testing.assert_array_equal(dataset.frame["new"], dataset.frame["visits"] + 10 * dataset.frame["weight"])
    assert [column.name for column in dataset.card.columns][4:] == ["tenfold", "new"]


@pytest.mark.parametrize(
    ("derived", "message"),
    [
        ({"p": "q + 1", "q": "p * weight", "r": "weight"}, "derives `p` and `q` from each other in a circle"),
        ({"x": "x + weight"}, "derives `x` from itself"),
        ({"weight": "height"}, "a column of that name"),
        ({"x": "sex + 1"}, "holds no numbers"),
        ({"x": "wieght + 1"}, "weight"),
        ({"x": "1 + 1"}, "names no column"),
    ],
)
def test_a_derived_column_that_cannot_be_is_refused_with_a_sentence(path, derived, message):
    with pytest.raises(BadInput, match=message):
        sheet = read_sheet({"derived": derived})
        check_sheet(sheet, (load_dataset(path, sheet).card,))
