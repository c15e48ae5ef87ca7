"""The page of methods says what the catalogue says."""

from __future__ import annotations

import ast
import importlib.util
import re
from dataclasses import fields, replace
from itertools import combinations
from pathlib import Path
from typing import get_args

import pytest

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.hypothesis import Task
from kosmos_graph.experiments.catalogue import CATALOGUE, get_method
from kosmos_graph.experiments.method import Method, Needs
from kosmos_graph.render.methods import TITLES, needs

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "methods.md"


def load_script():
    spec = importlib.util.spec_from_file_location("methods_page", ROOT / "scripts" / "methods_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = load_script()


def test_the_page_is_what_the_script_writes():
    assert PAGE.read_text(encoding="utf-8") == script.page(), "run `python scripts/methods_page.py`"


@pytest.mark.parametrize("method", CATALOGUE.values(), ids=lambda method: method.name)
def test_every_method_stands_on_the_page_once_with_its_facts(method):
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    (place,) = [number for number, line in enumerate(lines) if f"(`{method.name}`)" in line]
    said = f"{lines[place]} {lines[place + 1]}"
    beside = [get_method(name).title for name in method.sensitivity]
    assert all(fact in said for fact in (method.title, method.summary, method.estimand, method.source, *beside))
    assert str(method.needs.rows) in said


NUMERIC = frozenset({Kind.CONTINUOUS, Kind.COUNT})
YES_NO = frozenset({Kind.BINARY})


def test_needs_are_said_in_words():
    stated = Needs(outcome=NUMERIC | {Kind.ORDINAL}, predictor=YES_NO, predictors=(1, 1), groups=(2, 2), delta=True)
    assert list(needs(stated)) == [
        "a numeric or ordinal outcome",
        "one yes/no predictor with 2 levels",
        "one row per independent unit",
        "at least 3 complete rows and 2 per group",
        "δ, the smallest effect that matters",
    ]


SHOWN = {
    "sampling repeated": (
        Needs(outcome=NUMERIC, sampling="repeated", rows=5),
        "units measured repeatedly (an id column, and a row per unit and level)",
    ),
    "rows of repeated": (Needs(outcome=NUMERIC, sampling="repeated", rows=5), "at least 5 complete units"),
    "sampling clustered": (
        Needs(outcome=NUMERIC, sampling="clustered"),
        "rows in clusters (a column that says which rows hang together)",
    ),
    "clusters": (Needs(outcome=NUMERIC, sampling="clustered", clusters=10), "at least 10 clusters"),
    "event": (Needs(outcome=NUMERIC, event=True), "a column that says whether the event happened"),
    "weight": (Needs(outcome=NUMERIC, weight=True), "a column of weights"),
    "interaction": (
        Needs(outcome=NUMERIC, interaction=True),
        "the question whether the effects of two predictors depend on each other",
    ),
    "takes": (Needs(outcome=NUMERIC, takes=frozenset({"exposure"})), "what the counts are counts per if declared"),
    "covariates": (Needs(outcome=NUMERIC, covariates=NUMERIC), "numeric covariates if there are any"),
    "adjusts": (Needs(outcome=NUMERIC, covariates=NUMERIC, adjusts=True), "at least one numeric covariate"),
    "rows per coefficient": (Needs(outcome=NUMERIC, per_parameter="rows"), "10 complete rows for each coefficient"),
    "rarer level": (
        Needs(outcome=YES_NO, per_parameter="rarer level"),
        "10 rows with the rarer level of the outcome for each coefficient",
    ),
    "events": (Needs(outcome=NUMERIC, event=True, per_parameter="events"), "10 events for each coefficient"),
    "quantiles": (Needs(outcome=NUMERIC, quantiles=True), "a quantile if asked for"),
    "a median": (Needs(outcome=NUMERIC, reference=True, quantiles=True), "a stated value or median to compare with"),
    "second": (
        Needs(outcome=NUMERIC, predictor=YES_NO, predictors=(2, 2), groups=(2, 2), second=NUMERIC),
        "two predictors, the first yes/no with 2 levels, the second numeric",
    ),
    "any others": (
        Needs(outcome=NUMERIC, predictor=YES_NO, predictors=(1, None), second=NUMERIC),
        "one or more predictors, the first yes/no, the others numeric",
    ),
    "a range of predictors": (Needs(outcome=NUMERIC, predictor=YES_NO, predictors=(2, 3)), "two to three yes/no predictors"),
}


@pytest.mark.parametrize(("stated", "words"), SHOWN.values(), ids=SHOWN)
def test_every_part_of_needs_has_its_words(stated, words):
    assert words in list(needs(stated))


def test_no_field_of_needs_is_without_words():
    """A change of any field changes what is said, so that a method cannot need what nobody is told of."""
    base = Needs(outcome=NUMERIC, predictor=YES_NO, predictors=(1, 2), groups=(2, 2), covariates=NUMERIC)
    changes = {
        "outcome": YES_NO, "predictor": NUMERIC, "predictors": (2, 2), "groups": (2, 3), "sampling": "clustered",
        "covariates": YES_NO, "rows": 99, "per_group": 98, "reference": True, "delta": True, "time": True, "change_at": True,
        "event": True, "weight": True, "interaction": True, "takes": frozenset({"stratum"}), "adjusts": True, "clusters": 7,
        "per_parameter": "rows", "second": NUMERIC, "moments": True, "quantiles": True,
    }  # fmt: skip
    assert set(changes) == {field.name for field in fields(Needs)}
    said = {name: list(needs(replace(base, **{name: value}))) for name, value in changes.items()}
    assert [name for name, words in said.items() if words == list(needs(base))] == []


def test_the_words_tell_all_needs_apart():
    said = {method.name: " ".join(needs(method.needs)) for method in CATALOGUE.values()}
    stated = {method.name: method.needs for method in CATALOGUE.values()}
    for one, other in combinations(stated, 2):
        assert (said[one] != said[other]) or stated[one] == stated[other], (one, other)


def test_every_task_has_its_title():
    assert set(TITLES) == set(get_args(Task))


def test_the_example_of_adding_a_method_names_every_field_of_a_method_and_no_other():
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (call,) = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Method"]
    assert [keyword.arg for keyword in call.keywords] == [field.name for field in fields(Method)]
    (stated,) = [keyword.value for keyword in call.keywords if keyword.arg == "needs"]
    assert {keyword.arg for keyword in stated.keywords} <= {field.name for field in fields(Needs)}
