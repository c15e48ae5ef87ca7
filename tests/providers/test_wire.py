"""A structured call and a stream over each route of the ancestor's table, replayed from cassettes with the network blocked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from pydantic import BaseModel, SecretStr

from kosmos_graph.providers import ChatAsker, Limits, ModelSpec, Prompt, open_chat, resolve, usage
from tests.loopback import LoopbackServer, Received, Reply, first_choice

PORT = 18431
ROUTES = {
    "ollama": ("ollama/llama3.1:8b", ""),
    "lmstudio": ("lmstudio/qwen2.5-7b-instruct", "/v1"),
    "openai": ("gpt-4-turbo", "/v1"),
    "anthropic": ("claude-3-5-sonnet-20241022", ""),
    "deepseek": ("deepseek/deepseek-chat", ""),
    "azure": ("azure/my-deployment", ""),
}
TEXT = "Two groups, one measure: Welch's test fits. Größe μ."


class Choice(BaseModel):
    """A reply in two fields."""

    method: Literal["welch_t", "mann_whitney"]
    why: str


def _answer(received: Received) -> Reply:
    return first_choice(received) if received.schema else Reply(TEXT, input_tokens=20, output_tokens=11)


@pytest.fixture(autouse=True)
def _server_while_recording(record_mode: str) -> Iterator[None]:
    if record_mode == "none":
        yield
    else:
        with LoopbackServer(_answer, port=PORT):
            yield


def _spec(route: str) -> ModelSpec:
    name, path = ROUTES[route]
    key = SecretStr("wire-test-key-000") if route not in ("ollama", "lmstudio") else None
    return resolve(name, api_base=f"http://127.0.0.1:{PORT}{path}", api_key=key, limits=Limits(max_tokens=200))


@pytest.mark.vcr
@pytest.mark.parametrize("route", ROUTES)
async def test_structured_call(route):
    asker = ChatAsker(_spec(route), "designer")
    choice = await asker.ask(Prompt("You choose a method.", "Two groups. Which method?"), Choice)
    assert choice == Choice(method="welch_t", why="text")
    assert [(call.model, call.input_tokens, call.output_tokens) for call in asker.usage] == [(ROUTES[route][0], 12, 5)]


@pytest.mark.vcr
@pytest.mark.parametrize("route", ROUTES)
def test_stream(route):
    chat = open_chat(_spec(route))
    pieces = [chunk.text for chunk in chat.stream([("system", "Be concise."), ("human", "Which method?")])]
    assert "".join(pieces) == TEXT
    assert len([piece for piece in pieces if piece]) > 1
    used = usage(chat)
    assert (used.calls, used.input_tokens, used.output_tokens) == (1, 20, 11)
