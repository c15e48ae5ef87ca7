"""What leaves for Bedrock, Gemini and OpenRouter: address, headers and body, as a server on this machine receives them."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel, SecretStr

from kosmos_graph.providers import ChatAsker, Limits, ModelSpec, Prompt, open_chat, resolve
from tests.loopback import LoopbackServer, first_choice

KEY = SecretStr("outgoing-key-1234")
PROMPT = Prompt("You choose a method.", "Two groups. Which method?")


class Choice(BaseModel):
    """A reply."""

    method: Literal["welch_t", "mann_whitney"]


def spec_of(name: str, server: LoopbackServer, path: str = "", **variables: str) -> ModelSpec:
    given = {variable: SecretStr(value) for variable, value in variables.items()}
    base = None if variables else server.url + path
    return resolve(name, api_base=base, api_key=None if variables else KEY, variables=given, limits=Limits(max_tokens=64))


def sent(request) -> dict[str, str]:
    noise = {"accept", "accept-encoding", "connection", "content-length", "host", "user-agent"}
    return {name: value for name, value in request.headers.items() if name not in noise}


@pytest.fixture
def server():
    with LoopbackServer(first_choice) as running:
        yield running


async def test_gemini(server):
    assert await ChatAsker(spec_of("gemini/gemini-2.5-flash", server), "designer").ask(PROMPT, Choice) == Choice(method="welch_t")
    request = server.requests[0]
    assert (request.path, request.query) == ("/models/gemini-2.5-flash:generateContent", "")
    assert sent(request) == {"content-type": "application/json", "x-goog-api-key": KEY.get_secret_value()}
    assert request.body["contents"] == [{"role": "user", "parts": [{"text": PROMPT.user}]}]
    assert request.body["system_instruction"] == {"parts": [{"text": PROMPT.system}]}
    config = request.body["generationConfig"]
    assert (config["max_output_tokens"], config["temperature"], config["response_mime_type"]) == (64, 0.0, "application/json")
    assert request.schema["properties"]["method"]["enum"] == ["welch_t", "mann_whitney"]


async def test_openrouter(server):
    spec = spec_of("openrouter/meta-llama/llama-3.1-70b-instruct", server, "/api/v1")
    assert await ChatAsker(spec, "designer").ask(PROMPT, Choice) == Choice(method="welch_t")
    request = server.requests[0]
    assert (request.path, request.query, request.key) == ("/api/v1/chat/completions", "", KEY.get_secret_value())
    assert request.body["model"] == "meta-llama/llama-3.1-70b-instruct"
    assert request.body["messages"] == [{"role": "system", "content": PROMPT.system}, {"role": "user", "content": PROMPT.user}]
    assert (request.body["max_tokens"], request.body["temperature"]) == (64, 0.0)
    assert request.schema["properties"]["method"]["enum"] == ["welch_t", "mann_whitney"]


BEDROCK = "bedrock/anthropic.claude-3-haiku-20240307-v1:0"
BEDROCK_PATH = "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse"


async def test_bedrock_with_an_api_key(server):
    assert await ChatAsker(spec_of(BEDROCK, server), "designer").ask(PROMPT, Choice) == Choice(method="welch_t")
    request = server.requests[0]
    assert (request.path, request.query, request.key) == (BEDROCK_PATH, "", KEY.get_secret_value())
    assert request.body["system"] == [{"text": PROMPT.system}]
    assert request.body["messages"] == [{"role": "user", "content": [{"text": PROMPT.user}]}]
    assert request.body["inferenceConfig"] == {"maxTokens": 64, "temperature": 0.0}
    assert request.schema["properties"]["method"]["enum"] == ["welch_t", "mann_whitney"]


def test_bedrock_with_access_keys_signs_and_never_sends_the_secret(server):
    spec = spec_of(
        BEDROCK,
        server,
        AWS_BEDROCK_RUNTIME_ENDPOINT=server.url,
        AWS_ACCESS_KEY_ID="AKIATESTTESTTEST",
        AWS_SECRET_ACCESS_KEY="the-secret-access-key",
        AWS_REGION_NAME="eu-west-1",
    )
    assert open_chat(spec).invoke("hello").text == "A sentence."
    request = server.requests[0]
    assert request.path == BEDROCK_PATH
    assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIATESTTESTTEST/")
    assert "/eu-west-1/bedrock/aws4_request" in request.headers["authorization"]
    assert "the-secret-access-key" not in str(request.headers) + str(request.body)


@pytest.mark.parametrize(
    ("name", "path", "query"),
    [
        ("gemini/gemini-2.5-flash", "/models/gemini-2.5-flash:streamGenerateContent", "alt=sse"),
        ("openrouter/a/b", "/chat/completions", ""),
        (BEDROCK, BEDROCK_PATH + "-stream", ""),
    ],
)
def test_streams(server, name, path, query):
    assert "".join(chunk.text for chunk in open_chat(spec_of(name, server)).stream("hello")) == "A sentence."
    assert (server.requests[0].path, server.requests[0].query) == (path, query)
