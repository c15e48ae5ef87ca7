"""Code that cannot be used: one clear sentence each, on every rung."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pandas as pd
import pytest

from kosmos_graph.sandbox import Job, Limits
from kosmos_graph.sandbox.python_paths import environment
from tests.sandbox.conftest import NUMBER, TABLE, data_file

SENTENCES = [
    ("x <- c(1, 2)\nlibrary(dplyr)", "the code is R, or another language; only Python is executed"),
    ("fit <- lm(y ~ x)", "the code is R, or another language; only Python is executed"),
    (
        "def experiment(data, seed):\nreturn 1",
        "the code is not valid Python: line 2: expected an indented block after function definition on line 1: return 1",
    ),
    ("def f(): pass\x00", "the code is not valid Python: source code string cannot contain null bytes"),
    ("def analyse(data, seed): return {}", "the code defines no function experiment(data, seed)"),
    ("def experiment(): return {}", "experiment has to take two arguments, experiment(data, seed): too many positional arguments"),
    ("pass", "experiment returned nothing; it has to return a dict of the declared results"),
    ("return 3.0", "experiment returned a float; it has to return a dict of the declared results"),
    ("return {}", "experiment did not return the declared result 'answer'"),
    ("return {'answer': 1, 'more': 2}", "experiment returned result 'more', which had not been declared"),
    ("return {'answer': float('nan')}", "the result 'answer' is not a finite number: nan"),
    ("import numpy as np\nreturn {'answer': np.float64(-np.inf)}", "the result 'answer' is not a finite number: -inf"),
    ("return {'answer': 'large'}", "the result 'answer' is declared as a number, and experiment returned a str"),
    ("return {'answer': True}", "the result 'answer' is declared as a number, and experiment returned a bool"),
    ("return {'answer': 1j}", "the result 'answer' is declared as a number, and experiment returned a complex"),
    ("return {'answer': 2**70}", "the result 'answer' is an integer of more than 64 bits; return a float"),
    ("import sys; sys.exit(3)", "the code called sys.exit(3) instead of returning its results"),
    ("import os; os._exit(0)", "the code ended without returning a result"),
    ("import os; os._exit(96)", "the code ended without returning a result"),
    ("import ctypes; ctypes.string_at(0)", "the code was ended by the signal SIGSEGV"),
    ("import os\nos.write(3, b'1')", "the code raised OSError in line 3: [Errno 9] Bad file descriptor"),
    ("raise KeyboardInterrupt('at night')", "the code raised KeyboardInterrupt in line 2: at night"),
    (
        "def experiment(data, seed): return experiment(data, seed)",
        "the code raised RecursionError in line 1: maximum recursion depth exceeded",
    ),
    ("raise ValueError('\\x1b[31mred\\u202e')", "the code raised ValueError in line 2: red"),
    (
        "import pickle\nreturn pickle.dumps({'answer': 1})",
        "experiment returned a bytes; it has to return a dict of the declared results",
    ),
]

TABLES = [
    ("[1, 2]", "the result 'rows' is declared as a table: a DataFrame, or a list of dicts; experiment returned a list"),
    ("[{'a': [1]}]", "the table 'rows' has a list in the column 'a'; its cells have to be flat"),
    ("[{'a': float('inf')}]", "the result 'rows.a' is not a finite number: inf"),
    ("[{'a': 1}] * 2000", "the table 'rows' has 2000 rows and 1 columns; it may have 1000 and 50: summarise it"),
    ("[{str(i): i for i in range(60)}]", "the table 'rows' has 1 rows and 60 columns; it may have 1000 and 50: summarise it"),
]


@pytest.mark.parametrize(("code", "sentence"), SENTENCES)
def test_code_that_cannot_be_used_is_told_why(ask, code, sentence):
    outcome = ask(code, whole=sentence.startswith("the code is R"))
    assert (outcome.state, outcome.sentence, outcome.results) == ("error", sentence, ())


@pytest.mark.parametrize(("value", "sentence"), TABLES)
def test_a_table_that_cannot_be_used_is_told_why(ask, value, sentence):
    outcome = ask(f"return {{'rows': {value}}}", results=(TABLE,))
    assert (outcome.state, outcome.sentence) == ("error", sentence)


def test_results_larger_than_their_limit_are_told(ask):
    outcome = ask("return {'rows': [{'a': 'x' * 500}] * 900}", results=(TABLE,), result_bytes=100_000)
    assert (outcome.state, outcome.error) == ("error", "the results are larger than 100000 bytes; return a summary")


def test_what_is_missing_in_a_table_is_none_and_dates_are_text(ask):
    frame = "pd.DataFrame({'day': pd.to_datetime(['2020-01-02', None]), 'x': [1.5, float('nan')]})"
    code = f"import pandas as pd\nreturn {{'rows': {frame}}}"
    table = ask(code, results=(TABLE,)).results[0]
    assert (table.columns, table.rows) == (("day", "x"), (("2020-01-02 00:00:00", 1.5), (None, None)))


def test_a_grouped_frame_keeps_its_groups(ask, penguins):
    table = ask("return {'rows': data['penguins'].groupby('species').mean()}", results=(TABLE,), data=(penguins,)).results[0]
    assert table.rows == (("Adelie", 3700.0), ("Gentoo", 5100.0))


def test_data_that_vanished_are_named(ask, penguins):
    penguins.path.unlink()
    outcome = ask("return {'answer': len(data)}", data=(penguins,))
    assert (outcome.state, outcome.error) == (
        "error",
        f"the data 'penguins' have vanished: there is no file {penguins.path} any more",
    )


def test_data_that_come_back_are_read(ask, penguins):
    content = penguins.path.read_bytes()
    penguins.path.unlink()
    code = "return {'answer': len(data['penguins'])}"
    assert ask(code, data=(penguins,)).state == "error"
    penguins.path.write_bytes(content)
    assert ask(code, data=(penguins,)).results[0].value == 3


def test_data_that_changed_are_named(ask, penguins):
    data_file(penguins.path, pd.DataFrame({"mass": [1.0]}))
    outcome = ask("return {'answer': len(data)}", data=(penguins,))
    assert outcome.error == f"the data 'penguins' have changed: {penguins.path} is not the file that the job names"


def test_data_that_are_no_parquet_are_told(ask, tmp_path):
    file = data_file(tmp_path / "broken.parquet", pd.DataFrame({"mass": [1.0]}))
    file.path.write_bytes(b"not parquet")
    broken = replace(file, sha256=hashlib.sha256(b"not parquet").hexdigest())
    outcome = ask("return {'answer': 1}", data=(broken,))
    assert outcome.state == "error"
    assert outcome.sentence.startswith("the data 'broken' cannot be read: ")


def test_a_column_named_like_code_is_a_column(ask, tmp_path):
    file = data_file(tmp_path / "hostile.parquet", pd.DataFrame({"__import__('os')": [1.0, 2.0]}))
    outcome = ask("return {'answer': data['hostile'].iloc[:, 0].sum()}", data=(file,))
    assert outcome.results[0].value == 3.0


def test_the_same_seed_gives_the_same_numbers_and_another_one_others(executor):
    code = "import numpy as np, random\ndef experiment(data, seed):\n    return {'answer': np.random.normal() + random.random()}"

    def answer(seed: int, processes: int) -> float:
        limits = Limits(wall_seconds=20.0, processes=processes)  # other limits make another job
        return executor.result(executor.submit(Job(code, (), seed, limits, (NUMBER,))), 60).results[0].value

    assert answer(1, 8) == answer(1, 9) != answer(2, 8)


def test_nothing_of_the_environment_is_seen(ask, monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "secret")
    table = ask("import os\nreturn {'rows': [{'name': name} for name in os.environ]}", results=(TABLE,)).results[0]
    of_libraries = {"PWD", "LC_CTYPE", "KMP_INIT_AT_FORK"}  # set by programs and libraries themselves
    assert {row[0] for row in table.rows} - of_libraries == {*environment(), "HOME", "TMPDIR", "MPLCONFIGDIR"}


def test_tests_that_the_code_calls_are_recorded(ask):
    code = """
import numpy as np, scipy.stats
from scipy.stats import ttest_ind
import statsmodels.api as sm
from statsmodels.stats.proportion import proportions_ztest
def experiment(data, seed):
    x = np.arange(10.0)
    ttest_ind(x, x + 1)
    scipy.stats.norm.cdf(0.0)
    sm.OLS(x[::-1] ** 2, sm.add_constant(x)).fit()
    proportions_ztest([5, 8], [20, 20])
    return {'answer': 1}
"""
    calls = ask(code).calls
    assert [(call.function, len(call.p_values)) for call in calls] == [
        ("scipy.stats.ttest_ind", 1),
        ("statsmodels.regression.linear_model.OLS.fit", 2),
        ("statsmodels.stats.proportion.proportions_ztest", 1),
    ]


def test_calls_are_recorded_up_to_an_error(ask):
    outcome = ask("import scipy.stats\nscipy.stats.ttest_1samp([1.0, 2.0, 4.0], 0.0)\nraise ValueError('after it')")
    assert (outcome.state, [call.function for call in outcome.calls]) == ("error", ["scipy.stats.ttest_1samp"])
