"""A provider with a person's own key: pytest -m integration --provider deepseek [--provider-model deepseek/deepseek-chat].

Skipped, with the reason, for a provider that is not asked for or whose key is not set. Each test makes one small call.
"""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel

from kosmos_graph import get_chat_model, usage
from kosmos_graph.errors import BadInput
from kosmos_graph.providers import ChatAsker, Prompt, resolve
from kosmos_graph.providers.names import require_key
from kosmos_graph.settings import load_settings

pytestmark = pytest.mark.integration

MODELS = {
    "openai": "openai/gpt-4o-mini",
    "anthropic": "anthropic/claude-haiku-4-5",
    "deepseek": "deepseek/deepseek-chat",
    "gemini": "gemini/gemini-2.5-flash",
    "openrouter": "openrouter/openai/gpt-4o-mini",
    "groq": "groq/llama-3.1-8b-instant",
    "mistral": "mistral/mistral-small-latest",
    "azure": "azure/gpt-4o-mini",
    "bedrock": "bedrock/anthropic.claude-3-haiku-20240307-v1:0",
    "ollama": "ollama/llama3.2:1b",
    "lmstudio": "lmstudio/local-model",
}


class Choice(BaseModel):
    """A reply."""

    method: Literal["welch_t", "chi_square"]


@pytest.fixture(params=sorted(MODELS))
def model(request: pytest.FixtureRequest) -> str:
    """The model of the provider that was asked for."""
    wanted = request.config.getoption("--provider")
    if wanted is None:
        pytest.skip("name a provider: --provider " + "|".join(sorted(MODELS)))
    if wanted != request.param:
        pytest.skip(f"--provider asks for {wanted}")
    name = request.config.getoption("--provider-model") or MODELS[wanted]
    try:
        require_key(resolve(name, variables=load_settings().variables))
    except BadInput as missing:
        pytest.skip(str(missing))
    return name


def test_a_plain_call_is_answered_and_counted(model: str) -> None:
    chat = get_chat_model(model, max_tokens=500)
    assert chat.invoke([("system", "Be brief."), ("human", "Say hello.")]).text.strip()
    used = usage(chat)
    assert (used.calls, used.input_tokens > 0, used.output_tokens > 0) == (1, True, True)


async def test_a_closed_set_is_chosen_from(model: str) -> None:
    spec = resolve(model, variables=load_settings().variables)
    question = "Do the means of two groups differ? welch_t compares means, chi_square compares counts. Reply with JSON."
    asked = Prompt("You choose statistical tests.", question)
    assert await ChatAsker(spec, "designer").ask(asked, Choice) == Choice(method="welch_t")


async def test_a_stream_arrives_in_pieces_that_make_a_whole_and_is_counted(model: str) -> None:
    chat = get_chat_model(model, max_tokens=500)
    pieces = [piece.text async for piece in chat.astream("Count from one to five in words.")]
    assert "three" in "".join(pieces).lower()
    assert usage(chat).calls == 1
