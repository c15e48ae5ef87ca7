"""Prices: the user's, else the map's; what is unknown stays unknown, and estimates are rather too high."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kosmos_graph.errors import BadInput
from kosmos_graph.providers.names import ModelSpec
from kosmos_graph.providers.prices import Price, known_price, most_of, parse_prices, price_of, prompt_tokens


def spec(name, route=None):
    return ModelSpec(name, route or name, name.partition("/")[0])


def test_prices_are_given_for_a_million_tokens_by_model_and_the_later_counts():
    given = parse_prices(["my/model:7b=0.5/1.5", "other=0/0", "my/model:7b=1/2", "odd=name=3/4"])
    assert given == {"my/model:7b": Price(1e-6, 2e-6), "other": Price(0, 0), "odd=name": Price(3e-6, 4e-6)}
    assert given["my/model:7b"].of(1_000_000, 500_000) == pytest.approx(2.0)


@pytest.mark.parametrize(
    "text", ["", "m", "m=", "m=1", "m=1/", "=1/2", "m=/2", "m=-1/2", "m=1/-2", "m=nan/1", "m=inf/1", "m=1/2/3", "m=a/b"]
)
def test_what_is_no_price_is_bad_input_that_says_how_one_is_given(text):
    with pytest.raises(BadInput, match="MODEL=IN/OUT") as caught:
        parse_prices([text])
    assert repr(text) in str(caught.value)


def test_a_given_price_beats_the_map_s_also_with_zero():
    gpt = spec("openai/gpt-4o")
    assert known_price("openai/gpt-4o") is not None
    assert price_of(gpt, {}) == known_price("openai/gpt-4o")
    assert price_of(gpt, {"openai/gpt-4o": Price(0, 0)}) == Price(0, 0)
    assert price_of(gpt, {"openai/gpt-4": Price(0, 0)}) == known_price("openai/gpt-4o")


@pytest.mark.parametrize(
    "route",
    [
        "openai/nobody-has-this",
        "ollama/llama3.1:8b",
        "bedrock/1-month-commitment/cohere.command-text-v14",
        "bedrock/eu-central-1/1-month-commitment/anthropic.claude-instant-v1",
        "anthropic/gpt-4o",
        "hosted_vllm/gpt-4o",
        "nothing",
    ],
)
def test_a_model_that_the_map_does_not_know_or_has_at_nothing_has_no_price(route):
    assert known_price(route) is None


@given(st.lists(st.tuples(st.sampled_from(["system", "human"]), st.text()), max_size=5))
def test_an_estimate_grows_with_the_prompt_and_never_breaks(messages):
    tokens = prompt_tokens(messages)
    assert tokens >= sum(len(text.split()) for _, text in messages if text.isascii()) / 3
    assert most_of(Price(1, 2), messages, 10) == tokens + 20
