"""The chat model against a real server: what it sends, to whom, how many at once, and what it counts."""

from __future__ import annotations

import asyncio
import logging
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from langchain_core.load import dumps
from langchain_core.messages import HumanMessage
from pydantic import BaseModel

from kosmos_graph.errors import BadInput, Malformed, ModelError, Transient
from kosmos_graph.providers import RetryPolicy, usage
from kosmos_graph.providers.chat import NO_KEY, context_size
from kosmos_graph.settings import load_settings
from kosmos_graph.wiring.models import chain_of, get_chat_model
from tests.loopback import Fault, LoopbackServer, Reply, first_choice

KEY_ONE, KEY_TWO = "first-server-key-1", "second-server-key-2"
ONCE = RetryPolicy(attempts=1)


class Colour(BaseModel):
    """A reply."""

    colour: str


def in_a_thread(coroutine):
    """The result of a coroutine on an event loop of its own thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def test_all_four_ways_to_call_give_the_same_text(loopback):
    chat = get_chat_model("openai/local-model", api_base=loopback.base())

    async def streamed() -> str:
        return "".join([chunk.text async for chunk in chat.astream("hello")])

    texts = [chat.invoke("hello").text, in_a_thread(chat.ainvoke("hello")).text]
    texts += ["".join(chunk.text for chunk in chat.stream("hello")), in_a_thread(streamed())]
    assert texts == ["ok"] * 4
    assert [request.stream for request in loopback.requests] == [False, False, True, True]
    assert (usage(chat).calls, usage(chat).input_tokens, usage(chat).output_tokens) == (4, 48, 20)


def test_message_lists_and_structured_output_work_through_it():
    with LoopbackServer(first_choice) as server:
        chat = get_chat_model("litellm", model="ollama/llama3.1:8b", api_base=server.base("ollama"))
        assert chat.invoke([("system", "Be concise"), ("human", "Explain")]).content == "A sentence."
        assert chat.with_structured_output(Colour).invoke([HumanMessage("Which colour?")]) == Colour(colour="text")
    assert [message["role"] for message in server.requests[0].body["messages"]] == ["system", "user"]
    assert usage(chat).calls == 2


def test_no_key_goes_to_a_server_that_it_was_not_given_for(monkeypatch):
    with LoopbackServer(first_choice) as one, LoopbackServer(first_choice) as two:
        for name, value in {
            "LITELLM_MODEL": "openai/mine",
            "LITELLM_API_BASE": one.base(),
            "LITELLM_API_KEY": KEY_ONE,
            "OPENAI_API_BASE": two.base(),
            "OPENAI_API_KEY": KEY_TWO,
            "KOSMOS_ANALYST_MODEL": "openai/theirs",
        }.items():
            monkeypatch.setenv(name, value)
        for name in ("openai/mine", "openai/theirs"):
            get_chat_model(name).invoke("hello")
            list(get_chat_model(name).stream("hello"))
        assert {request.key for request in one.requests} == {KEY_ONE}
        assert {request.key for request in two.requests} == {KEY_TWO}
        get_chat_model("openai/elsewhere", api_base=one.base()).invoke("hello")
        assert one.requests[-1].key == NO_KEY


@pytest.mark.parametrize(
    "name", ["openai/x", "anthropic/claude-sonnet-4-5", "deepseek/deepseek-chat", "ollama/x", "lmstudio/x", "vllm/x"]
)
def test_a_server_without_a_key_of_its_own_never_sees_one_of_the_environment(name, monkeypatch, loopback):
    for provider in ("OPENAI", "ANTHROPIC", "DEEPSEEK", "OLLAMA", "LM_STUDIO", "HOSTED_VLLM"):
        monkeypatch.setenv(f"{provider}_API_KEY", "environment-key-9")
    wire = "openai" if "anthropic" not in name and "ollama" not in name else "ollama"
    get_chat_model(name, api_base=loopback.base(wire)).invoke("hello")
    request = loopback.requests[0]
    assert "environment-key-9" not in str(request.headers) + str(request.body) + request.query


def test_a_call_cannot_be_sent_elsewhere_with_the_models_key(loopback):
    chat = get_chat_model("openai/x", api_base=loopback.base(), api_key=KEY_ONE)
    with pytest.raises(BadInput, match="api_base"):
        chat.invoke("hello", api_base="http://127.0.0.1:9")
    with pytest.raises(BadInput, match="model"):
        chat.bind(model="anthropic/claude-sonnet-4-5").invoke("hello")
    assert loopback.requests == []


def test_a_key_is_in_no_repr_dump_or_log(loopback, caplog):
    chat = get_chat_model("openai/x", api_base=loopback.base(), api_key=KEY_ONE)
    with caplog.at_level(logging.DEBUG):
        chat.invoke("hello")
        logging.getLogger("LiteLLM").warning("the key was %s", KEY_ONE)
        logging.getLogger("httpx").info("sent with %s", KEY_ONE)
    shown = repr(chat) + str(chat) + str(chat.model_dump()) + dumps(chat) + str(chat._identifying_params)
    assert KEY_ONE not in shown
    assert KEY_ONE not in caplog.text
    assert "[key]" in caplog.text
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        pickle.dumps(chat)


def test_one_call_at_a_time_reaches_a_server_on_this_machine_whatever_calls_it():
    with LoopbackServer([Reply("ok", delay=0.03)]) as server:
        models = [get_chat_model(f"openai/m{number}", api_base=server.base()) for number in range(2)]
        same = get_chat_model("openai/m3", api_base=server.base().replace("127.0.0.1", "localhost"))

        async def many() -> None:
            await asyncio.gather(*(model.ainvoke("hello") for model in [*models, same]))

        with ThreadPoolExecutor(5) as pool:
            jobs = [pool.submit(asyncio.run, many()) for _ in range(2)] + [pool.submit(same.invoke, "hello") for _ in range(3)]
            for job in jobs:
                job.result(timeout=30)
    assert (len(server.requests), server.most_at_once) == (9, 1)


def test_more_calls_at_once_are_allowed_by_the_setting():
    settings = load_settings(kosmos_loopback_calls=8)
    with LoopbackServer([Reply("ok", delay=0.3)]) as server:
        chat = get_chat_model("openai/x", api_base=server.base(), settings=settings)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(chat.invoke, ["hello"] * 4))
    assert server.most_at_once > 1


def test_a_cancelled_call_gives_its_place_back():
    with LoopbackServer([Reply("ok", delay=0.2)]) as server:
        chat = get_chat_model("openai/x", api_base=server.base())

        async def impatient() -> str:
            tasks = [asyncio.create_task(chat.ainvoke("hello")) for _ in range(3)]
            await asyncio.sleep(0.05)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            return (await asyncio.wait_for(chat.ainvoke("hello"), 5)).text

        assert in_a_thread(impatient()) == "ok"


def test_a_call_between_two_pieces_of_a_stream_does_not_wait_for_its_end():
    with LoopbackServer([Reply("a text of several pieces")]) as server:
        chat = get_chat_model("openai/x", api_base=server.base())
        for _ in chat.stream("hello"):
            assert chat.invoke("hello").text == "a text of several pieces"
            break


def test_an_abandoned_stream_gives_its_place_back():
    with LoopbackServer([Reply("a text of several pieces")]) as server:
        chat = get_chat_model("openai/x", api_base=server.base())
        stream = chat.stream("hello")
        next(stream)
        stream.close()
        done = threading.Thread(target=chat.invoke, args=("hello",))
        done.start()
        done.join(10)
        assert not done.is_alive()


def test_the_context_of_ollama_holds_prompt_and_reply(loopback):
    chat = get_chat_model("ollama/x", api_base=loopback.base("ollama"), max_tokens=1000)
    chat.invoke("short")
    chat.invoke("long " * 6000)
    assert [request.body["options"]["num_ctx"] for request in loopback.requests] == [4096, 16384]
    assert {request.path for request in loopback.requests} == {"/api/chat"}


@pytest.mark.parametrize("size", [0, 1, 5000, 40_000])
def test_a_context_size_is_a_power_of_two_with_room(size):
    found = context_size([{"content": "ü" * size}], 500)
    assert found >= size * 2 // 3 + 500
    assert found & (found - 1) == 0


@pytest.mark.parametrize(("name", "sent"), [("gpt-4o", True), ("openai/local-model", True), ("gpt-5", False), ("o3-mini", False)])
def test_temperature_is_sent_only_where_it_is_accepted(name, sent, loopback):
    get_chat_model(name, api_base=loopback.base(), temperature=0.2).invoke("hello")
    assert ("temperature" in loopback.requests[0].body) is sent


def test_price_and_unknown_price_are_told_apart(loopback):
    known = get_chat_model("gpt-4o", api_base=loopback.base())
    unknown = get_chat_model("ollama/llama3.1:8b", api_base=loopback.base("ollama"))
    for chat in (known, unknown):
        chat.invoke("hello")
        list(chat.stream("hello"))
    assert usage(known).cost == pytest.approx(2 * (12 * 2.5e-6 + 5 * 1e-5))
    assert (usage(known).unknown_price_calls, usage(unknown).cost, usage(unknown).unknown_price_calls) == (0, None, 2)


def test_usage_of_another_kind_of_model_is_bad_input():
    with pytest.raises(BadInput):
        usage(object())  # type: ignore[arg-type]


def test_a_reply_cut_at_max_tokens_is_known_as_such():
    with LoopbackServer([Reply("half a sent", finish="length")]) as server:
        reply = get_chat_model("openai/x", api_base=server.base(), max_tokens=3).invoke("hello")
    assert reply.response_metadata["finish_reason"] == "length"


def test_a_slow_trickle_is_cut_off_by_the_time_out_of_the_whole_call():
    with LoopbackServer([Reply("ok", delay=1.5)]) as server:
        began = time.monotonic()
        with pytest.raises(Transient):
            in_a_thread(get_chat_model("openai/x", api_base=server.base(), timeout=0.2, policy=ONCE).ainvoke("hello"))
        assert time.monotonic() - began < 1.4


@pytest.mark.parametrize("body", ["data: not json\n\n", "", "event: error\ndata: {}\n\n"])
def test_a_garbled_stream_is_a_model_error_and_frees_its_place(body):
    fault = Fault(200, body=body, headers={"content-type": "text/event-stream"})
    with LoopbackServer([fault, Reply("ok")]) as server:
        chat = get_chat_model("openai/x", api_base=server.base(), policy=ONCE)
        try:
            list(chat.stream("hello"))
        except ModelError as error:
            assert isinstance(error, Malformed | Transient)
        assert chat.invoke("hello").text == "ok"


def test_the_chain_of_a_role_opens_as_chat_models(loopback):
    settings = load_settings(litellm_model="openai/x", litellm_api_base=loopback.base())
    (spec,) = chain_of(settings, "analyst")
    assert get_chat_model("openai/x", settings=settings).invoke("hello").text == "ok"
    assert getattr(spec, "name", spec) == "openai/x"


@pytest.mark.parametrize("option", ["base_url", "stop_sequences", "enable_cache", "api_url"])
def test_an_option_that_would_be_dropped_is_refused_before_any_call(loopback, option):
    with pytest.raises(BadInput, match=option):
        get_chat_model("openai", model="m", api_base=loopback.base(), api_key="key-for-a-test", **{option: loopback.base()})
    assert not loopback.requests
