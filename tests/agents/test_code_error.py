"""What a model is shown of its code's error."""

import pytest

from kosmos_graph.agents.code_error import shown_error

CODE = "def experiment(data, seed):\n    frame = data['few.csv']\n    return {'spread': float(frame['z'].std() / 12)}\n"


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (
            "the code raised ValueError in line 3: could not convert string to float: 'Ann Smith'\n\n  File …\nAnn Smith, 73.2",
            "ValueError: could not convert string to float: '…' (line 3: return {'spread': float(frame['z'].std() / 12)})",
        ),
        ("the code raised KeyError in line 2: 'z'", "KeyError: 'z' (line 2: frame = data['few.csv'])"),
        ("the code raised KeyError in line 9: 'mass'", "KeyError: 'mass'"),
        ("the code raised ValueError in line 7: 73.2 in row 41 of 12", "ValueError: # in row # of 12"),
        ('the code raised ValueError in line 7: it\'s "Ann"', 'ValueError: it\'s "…"'),
        ("the result 'spread' is not a finite number: nan", "the result 'spread' is not a finite number: nan"),
    ],
)
def test_numbers_and_quotations_that_the_model_did_not_know_are_hidden(error, shown):
    assert shown_error(error, CODE, ("mass",)) == shown


def test_a_data_file_that_an_error_prints_is_cut():
    assert len(shown_error("the code raised ValueError in line 7: " + "Ann Bob " * 500, CODE, ())) < 420
