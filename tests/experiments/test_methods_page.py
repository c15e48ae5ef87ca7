"""The page of methods says what the catalogue says."""

from __future__ import annotations

import importlib.util
from itertools import combinations
from pathlib import Path

import pytest

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.experiments.catalogue import CATALOGUE, get_method
from kosmos_graph.experiments.method import Needs

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


def test_needs_are_said_in_words():
    numeric = frozenset({Kind.CONTINUOUS, Kind.COUNT})
    stated = Needs(
        outcome=numeric | {Kind.ORDINAL}, predictor=frozenset({Kind.BINARY}), predictors=(1, 1), groups=(2, 2), delta=True
    )
    assert list(script.needs(stated)) == [
        "a numeric or ordinal outcome",
        "one yes/no predictor with 2 levels",
        "one row per independent unit",
        "at least 3 complete rows and 2 per group",
        "δ, the smallest effect that matters",
    ]


def test_the_words_tell_all_needs_apart():
    said = {method.name: " ".join(script.needs(method.needs)) for method in CATALOGUE.values()}
    needs = {method.name: method.needs for method in CATALOGUE.values()}
    shown = ("outcome", "predictor", "predictors", "groups", "sampling", "rows", "reference", "delta", "time", "change_at")
    for one, other in combinations(needs, 2):
        differ = any(getattr(needs[one], name) != getattr(needs[other], name) for name in shown)
        assert (said[one] != said[other]) or not differ, (one, other)
