"""A quote before the run, and beside what was used in the run sheet: the one brackets the other."""

from __future__ import annotations

import json

import pytest

from kosmos_graph import start
from kosmos_graph.domain.quote import Quote
from kosmos_graph.providers.names import ModelSpec
from kosmos_graph.providers.prices import Price
from kosmos_graph.render.markdown import render_markdown
from kosmos_graph.render.quote import dollars, render_quote
from kosmos_graph.wiring.batch import material_of
from kosmos_graph.wiring.calls import Calls
from kosmos_graph.wiring.quoting import quote
from tests.loopback import LoopbackServer

from .models import CALLS, MODEL, QUESTION, counting, settings_for, write_growth, wrong_once


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_growth(tmp_path_factory.mktemp("data") / "growth.csv")


@pytest.mark.parametrize("script", [counting, wrong_once("growth")], ids=["every reply valid", "every first reply wrong"])
def test_the_quote_brackets_what_is_used_and_both_stand_in_the_run_sheet(script, data, tmp_path):
    with LoopbackServer(script) as server:
        settings = settings_for(server, tmp_path)
        quoted = Calls.of(settings).quote(material_of(QUESTION, [data]))
        assert server.requests == []
        report = start(QUESTION, [data], settings=settings).result
    assert report.run.quote == quoted
    assert quoted.calls_low <= len(server.requests) <= quoted.calls_high
    cost = sum(used.cost for used in report.run.usage)
    assert quoted.cost_low <= cost <= quoted.cost_high
    assert len(server.requests) == CALLS if script is counting else len(server.requests) > CALLS
    sheet = render_markdown(report)
    assert f"{len(server.requests)} calls, {dollars(cost)}" in sheet.replace("\\", "")
    assert render_quote(quoted).split("\n")[1] in sheet.replace("\\", "")


def spec(name):
    return ModelSpec(name, name, "openai", max_tokens=1000)


def test_only_models_are_quoted_and_an_unknown_price_makes_the_whole_unknown(data):
    material = material_of(QUESTION, [data])
    known = {"a": Price(1e-3, 0), "b": Price(2e-3, 0)}
    assert quote(material, {"designer": "rules", "analyst": "rules"}, lambda one: None) is None
    both = quote(material, {"designer": spec("a"), "analyst": spec("b")}, lambda one: known[one.name])
    alone = [
        quote(material, {"designer": spec("a"), "analyst": "rules"}, lambda one: known[one.name]),
        quote(material, {"designer": "rules", "analyst": spec("b")}, lambda one: known[one.name]),
    ]
    assert both.calls_low == sum(one.calls_low for one in alone)
    assert both.cost_high == pytest.approx(sum(one.cost_high for one in alone))
    partly = quote(material, {"designer": spec("a"), "analyst": spec("c")}, lambda one: known.get(one.name))
    assert (partly.cost_low, partly.cost_high, partly.unknown) == (None, None, ("c",))
    assert (partly.calls_low, partly.calls_high) == (both.calls_low, both.calls_high)


def test_more_hypotheses_and_cycles_cost_more_at_most_and_never_at_least(data):
    few, many = (
        quote(
            material_of(QUESTION, [data], options=options), {"designer": spec("a"), "analyst": spec("a")}, lambda one: Price(1, 1)
        )
        for options in ({"hypotheses": 1, "cycles": 1}, {"hypotheses": 5, "cycles": 3})
    )
    assert few.calls_low == many.calls_low
    assert few.cost_low == many.cost_low
    assert few.calls_high < many.calls_high
    assert few.cost_high < many.cost_high


def test_a_quote_in_words():
    plain = Quote(hypotheses=3, calls_low=4, calls_high=255, cost_low=0.0000012, cost_high=12.3)
    assert render_quote(plain) == (
        "Between 4 and 255 calls of models, for up to 3 hypotheses a cycle.\nBetween $0.0000012 and $12.30, fallbacks apart."
    )
    unknown = plain.model_copy(update={"cost_low": None, "cost_high": None, "unknown": ("x/\x1b[1ma", "x/b")})
    assert render_quote(unknown).split("\n")[1] == (
        "What they cost is not known, because the price of x/\\u001b[1ma and x/b is not: "
        "give it with --price x/\\u001b[1ma=IN/OUT --price x/b=IN/OUT."
    )
    assert render_quote(None) == "No model is asked in this run, so it costs nothing."
    assert json.loads(plain.model_dump_json())["cost_low"] == 0.0000012


def test_the_model_s_name_and_price_are_those_of_the_settings(data, tmp_path):
    with LoopbackServer(counting) as server:
        quoted = Calls.of(settings_for(server, tmp_path, kosmos_prices=None)).quote(material_of(QUESTION, [data]))
    assert quoted.unknown == (MODEL,)
