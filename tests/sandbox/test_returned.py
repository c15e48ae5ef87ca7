"""What comes out of a jail is checked as if nothing in it had been checked before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kosmos_graph.domain.code_experiment import RecordedCall
from kosmos_graph.sandbox import returned
from kosmos_graph.sandbox.clean import clean
from tests.sandbox.conftest import NUMBER, TABLE

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["answer", "rows", "columns", "a"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("declared", "value", "sentence"),
    [
        (NUMBER, "1", "the result 'answer' is not a finite number"),
        (NUMBER, True, "the result 'answer' is not a finite number"),
        (NUMBER, 1e999, "the result 'answer' is not a finite number"),
        (NUMBER, 10**30, "the result 'answer' is not a finite number"),
        (TABLE, 3, "the result 'rows' is not a table"),
        (TABLE, {"columns": ["a"], "rows": [[1, 2]]}, "the table 'rows' has rows of different lengths"),
        (TABLE, {"columns": [1], "rows": []}, "the table 'rows' has a column whose name is not text"),
        (TABLE, {"columns": ["a"], "rows": [[{}]]}, "the table 'rows' has a cell that is neither text nor a finite number"),
        (TABLE, {"columns": ["a"], "rows": [[1]] * 1001}, "the table 'rows' has more than 1000 rows or 50 columns"),
    ],
)
def test_a_result_of_another_shape_is_refused(declared, value, sentence):
    with pytest.raises(returned.Unshaped) as refused:
        returned.results({"results": {declared.name: value}}, (declared,))
    assert str(refused.value) == sentence


@pytest.mark.parametrize("values", [None, [], {}, {"answer": 1, "more": 2}])
def test_other_results_than_the_declared_ones_are_refused(values):
    with pytest.raises(returned.Unshaped, match="does not hold the declared results"):
        returned.results({"results": values}, (NUMBER,))


@given(JSON, JSON, JSON)
def test_no_content_gets_past_the_check_or_breaks_it(results, calls, error):
    content = {"results": results, "calls": calls, "error": error}
    try:
        for result in returned.results(content, (NUMBER, TABLE)):
            assert type(result).model_validate_json(result.model_dump_json()) == result
    except returned.Unshaped:
        pass
    assert isinstance(returned.calls(content), tuple)
    assert returned.error(content) is None or returned.error(content)


def test_calls_are_kept_where_they_have_the_shape_of_one():
    good = {"function": "scipy.stats.ttest_ind", "p_values": [0.5, 7, "x", None], "statistic": 2}
    bad = [{"function": "rm -rf /"}, {"function": 3}, "scipy", {"function": "a\x1b[31m"}]
    assert returned.calls({"calls": [good, *bad]}) == (
        RecordedCall(function="scipy.stats.ttest_ind", p_values=(0.5,), statistic=2.0),
    )


def test_an_error_is_one_sentence_and_the_end_of_a_trace_without_control_characters():
    content = {"error": "it \x1b[31mbroke\nbadly\n\n" + "line\n" * 5000 + "ValueError: x\r"}
    error = returned.error(content)
    assert error.startswith("it broke badly\n\n")
    assert error.endswith("ValueError: x")
    assert len(error) < 4100


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPdevice\x1b\\text", "text"),
        ("a\x1b(Bb\x1bMc", "abc"),
        ("\x9b31mred", "red"),
        ("over\rwritten\x08\x00\x7f", "overwritten"),
        ("lines\r\nand\ttabs\n", "lines\nand\ttabs\n"),
        ("\u202eevil\u2066", "evil"),
        ("\x1b", ""),
        ("x\x1b[", "x"),
    ],
)
def test_text_is_made_harmless(dirty, cleaned):
    assert clean(dirty) == cleaned


@given(st.text())
def test_cleaned_text_holds_no_control_character_and_stays_as_it_is(text):
    once = clean(text)
    assert not [character for character in once if ord(character) < 32 and character not in "\n\t"]
    assert clean(once) == once
