"""Asking a model for a valid value: what counts as an answer, what is asked again, and what is recorded."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from kosmos_graph.errors import Configuration, Malformed, Refused, TooLong, Transient, Truncated
from kosmos_graph.providers import ChatAsker, Limits, Prompt, RetryPolicy, resolve
from kosmos_graph.providers.asking import Asker
from tests.loopback import Fault, LoopbackServer, Reply, first_choice

PROMPT = Prompt("You choose.", "Which method?\nlines\nand more lines\nto cut\nin the\nmiddle of\nit all\nhere.\nChoose one.")
GOOD = '{"method": "welch_t", "why": "two groups"}'


class Choice(BaseModel):
    """A reply."""

    model_config = ConfigDict(extra="forbid")

    method: Literal["welch_t", "mann_whitney"]
    why: str = Field(max_length=40)


class Kind(StrEnum):
    """A closed set."""

    ONE = "one"


class Inner(BaseModel):
    """A part."""

    kind: Kind
    pair: tuple[str, ...] = ()


class Outer(BaseModel):
    """A reply with parts."""

    parts: list[Inner]
    note: str | None = None


CHOICE = Choice(method="welch_t", why="two groups")


def asker_of(server: LoopbackServer, name: str = "openai/local-model", max_tokens: int = 100) -> ChatAsker:
    spec = resolve(name, api_base=server.base(), api_key=SecretStr("asker-key-12345"), limits=Limits(max_tokens=max_tokens))
    return ChatAsker(spec, "designer", RetryPolicy(attempts=1))


async def asked(*script, **options) -> tuple[Choice, ChatAsker, LoopbackServer]:
    with LoopbackServer(script) as server:
        asker = asker_of(server)
        return await asker.ask(PROMPT, Choice, **options), asker, server


VALID = {
    "plain": GOOD,
    "fenced": f"```json\n{GOOD}\n```",
    "fenced without a language": f"```\n{GOOD}\n```",
    "words around it": f"Here is my choice:\n{GOOD}\nI hope that it helps!",
    "reasoning before it": f'<think>\nMaybe {{"method": "mann_whitney", "why": "x"}}?\n</think>\n\n{GOOD}',
    "reasoning without its opening tag": f"they are two groups, so {{}} …</think>{GOOD}",
    "said twice": f"{GOOD}\n{GOOD}",
    "spread over lines": json.dumps(json.loads(GOOD), indent=4),
    "braces in words": f"The set {{a, b}} is small. {GOOD}",
    "byte order mark": "\ufeff" + GOOD,
}

INVALID = {
    "no JSON": "I would use Welch's t.",
    "empty": "",
    "two answers": GOOD + '{"method": "mann_whitney", "why": "ranks"}',
    "cut short": '{"method": "welch_t", "why": "two gr',
    "another value": '{"method": "anova", "why": "x"}',
    "a field too many": '{"method": "welch_t", "why": "x", "p": 0.01}',
    "a field too few": '{"method": "welch_t"}',
    "too long": json.dumps({"method": "welch_t", "why": "x" * 41}),
    "a key twice": '{"method": "welch_t", "method": "mann_whitney", "why": "x"}',
    "not a number": '{"method": "welch_t", "why": NaN}',
    "an array": '["welch_t", "two groups"]',
    "reasoning that never ends": "<think>" + GOOD,
    "half a surrogate": '{"method": "welch_t", "why": "\\ud800"}',
    "very deep": '{"a":' * 5000,
}


@pytest.mark.parametrize("form", VALID)
async def test_an_answer_is_found_in_every_usual_form(form):
    choice, asker, server = await asked(Reply(VALID[form]))
    assert choice == CHOICE
    assert (len(server.requests), len(asker.usage)) == (1, 1)


@pytest.mark.parametrize("form", INVALID)
async def test_what_is_no_answer_is_asked_again_with_the_reasons(form):
    choice, asker, server = await asked(Reply(INVALID[form]), Reply(GOOD))
    assert choice == CHOICE
    assert len(server.requests) == len(asker.usage) == 2
    assert "is not valid" in server.requests[1].prompt
    assert server.requests[1].prompt.startswith(server.requests[0].prompt)


async def test_no_valid_reply_in_three_tries_is_malformed_and_each_try_is_recorded():
    with LoopbackServer([Reply("no")]) as server:
        asker = asker_of(server)
        with pytest.raises(Malformed, match="3 tries"):
            await asker.ask(PROMPT, Choice)
    assert (len(server.requests), len(asker.usage)) == (3, 3)
    assert {call.cost for call in asker.usage} == {None}


async def test_reasons_of_a_check_are_asked_again_like_any_other():
    def no_first_try(choice: Choice) -> tuple[str, ...]:
        return () if choice.why == "better" else ("the reason must be better",)

    choice, _, server = await asked(Reply(GOOD), Reply('{"method": "welch_t", "why": "better"}'), check=no_first_try)
    assert choice.why == "better"
    assert "the reason must be better" in server.requests[1].prompt


async def test_a_reply_cut_at_max_tokens_is_asked_once_more_with_twice_the_limit():
    choice, asker, server = await asked(Reply('{"method": "wel', finish="length"), Reply(GOOD))
    assert choice == CHOICE
    assert [request.body["max_tokens"] for request in server.requests] == [100, 200]
    assert server.requests[0].body["messages"] == server.requests[1].body["messages"]
    assert len(asker.usage) == 2


async def test_a_reply_cut_twice_is_truncated():
    with LoopbackServer([Reply('{"method": "wel', finish="length")]) as server:
        with pytest.raises(Truncated, match="200 tokens"):
            await asker_of(server).ask(PROMPT, Choice)
        assert len(server.requests) == 2


async def test_a_server_that_garbles_its_answers_is_malformed_after_three():
    with LoopbackServer([Fault(200, body="{}")]) as server:
        asker = asker_of(server)
        with pytest.raises(Malformed):
            await asker.ask(PROMPT, Choice)
        assert (len(server.requests), len(asker.usage)) == (3, 3)


async def test_a_refusal_is_not_asked_again():
    with LoopbackServer([Reply("", finish="content_filter")]) as server:
        asker = asker_of(server)
        with pytest.raises(Refused):
            await asker.ask(PROMPT, Choice)
        assert (len(server.requests), len(asker.usage)) == (1, 1)


@pytest.mark.parametrize(("fault", "kind"), [(Fault(503), Transient), (Fault(401), Configuration)])
async def test_other_failures_surface_as_they_are(fault, kind):
    with LoopbackServer([fault]) as server:
        with pytest.raises(kind):
            await asker_of(server).ask(PROMPT, Choice)
        assert len(server.requests) == 1


async def test_a_server_that_refuses_schemas_gets_the_schema_in_words_from_then_on():
    refusal = Fault(400, body='{"error": {"message": "response_format is not supported"}}')
    with LoopbackServer([refusal, Reply(GOOD)]) as server:
        asker = asker_of(server)
        assert [await asker.ask(PROMPT, Choice), await asker.ask(PROMPT, Choice)] == [CHOICE, CHOICE]
    assert ["response_format" in request.body for request in server.requests] == [True, False, False]
    assert '"mann_whitney"' in server.requests[1].prompt


async def test_a_request_that_is_wrong_with_and_without_a_schema_is_a_matter_of_configuration():
    with LoopbackServer([Fault(400)]) as server:
        with pytest.raises(Configuration):
            await asker_of(server).ask(PROMPT, Choice)
        assert len(server.requests) == 2


TOO_LONG = Fault(400, body='{"error": {"message": "prompt is too long: 9000 tokens"}}')


async def test_a_prompt_that_is_too_long_is_cut_in_the_middle_once():
    choice, _, server = await asked(TOO_LONG, Reply(GOOD))
    assert choice == CHOICE
    user = server.requests[1].body["messages"][1]["content"]
    assert (user.splitlines()[0], user.splitlines()[-1]) == ("Which method?", "Choose one.")
    assert "lines left out" in user
    assert len(user.splitlines()) < len(PROMPT.user.splitlines())


async def test_a_prompt_that_stays_too_long_is_too_long():
    with LoopbackServer([TOO_LONG]) as server:
        with pytest.raises(TooLong):
            await asker_of(server).ask(PROMPT, Choice)
        assert len(server.requests) == 2
    with LoopbackServer([TOO_LONG]) as server:
        with pytest.raises(TooLong):
            await asker_of(server).ask(Prompt("short", "shorter"), Choice)
        assert len(server.requests) == 1


async def test_earlier_replies_are_left_out_before_the_prompt_is_cut():
    choice, _, server = await asked(Reply("no"), TOO_LONG, Reply(GOOD))
    assert choice == CHOICE
    assert server.requests[2].body["messages"] == server.requests[0].body["messages"]


async def test_usage_names_model_role_tokens_and_price():
    with LoopbackServer(first_choice) as server:
        asker = asker_of(server, "gpt-4o")
        await asker.ask(PROMPT, Choice)
    (call,) = asker.usage
    assert (asker.model, call.model, call.role, call.input_tokens, call.output_tokens) == ("gpt-4o", "gpt-4o", "designer", 12, 5)
    assert call.cost == pytest.approx(12 * 2.5e-6 + 5 * 1e-5)


async def test_nested_replies_with_enums_and_options_work():
    with LoopbackServer(first_choice) as server:
        value = await asker_of(server).ask(PROMPT, Outer)
    assert value.parts[0].kind is Kind.ONE
    assert "$ref" not in json.dumps(server.requests[0].schema)


async def test_nothing_is_streamed_even_where_a_listener_asks_for_it():
    with LoopbackServer(first_choice) as server:
        await asker_of(server).ask(PROMPT, Choice)
    assert not server.requests[0].stream


def test_it_is_an_asker(loopback):
    asker: Asker = asker_of(loopback)
    assert asker.usage == []


async def test_a_repaired_reply_is_counted_and_a_bare_one_is_not():
    choice, asker, _ = await asked(Reply(f"Here it is:\n```json\n{GOOD}\n```"))
    assert (choice, [call.repaired for call in asker.usage]) == (CHOICE, [True])
    choice, asker, _ = await asked(Reply(GOOD))
    assert (choice, [call.repaired for call in asker.usage]) == (CHOICE, [False])
