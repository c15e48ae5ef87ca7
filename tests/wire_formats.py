"""The wire formats that the loopback server speaks: what a request says, and the bytes of a reply."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Wire = Literal["openai", "azure", "anthropic", "ollama", "generate", "gemini", "bedrock", "other"]
Finish = Literal["stop", "length", "content_filter"]

CREATED = 1_700_000_000
EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True)
class Reply:
    """A scripted answer. `delay` is seconds before the first byte; a stream sends `text` in pieces of a few words.

    `events` bounds the events of a stream that are sent, None sends all; `cut` then drops the connection instead of ending the
    body, as `empty` leaves out the answer itself from a body that is otherwise whole.
    """

    text: str = ""
    finish: Finish = "stop"
    input_tokens: int = 12
    output_tokens: int = 5
    delay: float = 0.0
    events: int | None = None
    cut: bool = False
    empty: bool = False


@dataclass(frozen=True)
class Fault:
    """A scripted failure: a status with a body; or (`hang`) no byte until the server stops; or a connection that is closed,
    without an answer (`drop`) or after half of the body that was announced (`cut`).
    """

    status: int = 500
    body: str = '{"error": {"message": "scripted fault", "type": "server_error"}}'
    headers: dict[str, str] = field(default_factory=dict)
    kind: Literal["status", "hang", "drop", "cut"] = "status"
    delay: float = 0.0


@dataclass(frozen=True)
class Received:
    """One request as the server saw it. Header names are in lower case."""

    path: str
    query: str
    headers: dict[str, str]
    body: Any

    @property
    def wire(self) -> Wire:
        """The wire format, told by the path."""
        return wire_of(self.path)

    @property
    def stream(self) -> bool:
        """Whether a stream is asked for."""
        return bool(self.body.get("stream")) or "stream" in self.path.lower()

    @property
    def key(self) -> str | None:
        """The key that came with the request, whichever header carried it."""
        bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
        return self.headers.get("x-api-key") or self.headers.get("api-key") or self.headers.get("x-goog-api-key") or bearer or None

    @property
    def prompt(self) -> str:
        """All texts of the request, system prompt included, one after the other."""
        return "\n".join(
            _texts(
                {
                    name: self.body.get(name)
                    for name in ("system", "systemInstruction", "system_instruction", "messages", "contents", "prompt")
                }
            )
        )

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema that the reply is asked to follow, wherever the format puts it."""
        return _schema(self.body)


def wire_of(path: str) -> Wire:
    """The wire format that a path belongs to."""
    if path.startswith("/openai/deployments/"):
        return "azure"
    if path.endswith("/chat/completions"):
        return "openai"
    if path.endswith("/v1/messages"):
        return "anthropic"
    if path == "/api/chat":
        return "ollama"
    if path == "/api/generate":
        return "generate"
    if "enerateContent" in path:
        return "gemini"
    return "bedrock" if path.startswith("/model/") and "/converse" in path else "other"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in {"role", "type"}:
                yield from _texts(item)


def _schema(body: dict[str, Any]) -> dict[str, Any] | None:
    openai = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
    ollama = body.get("format") if isinstance(body.get("format"), dict) else None
    anthropic = ((body.get("output_config") or {}).get("format") or body.get("output_format") or {}).get("schema")
    tools = [tool.get("input_schema") or tool["function"]["parameters"] for tool in _json_tools(body)]
    config = body.get("generationConfig") or {}
    gemini = config.get("responseJsonSchema") or config.get("response_json_schema") or config.get("response_schema")
    return openai or ollama or anthropic or (tools[0] if tools else None) or gemini or _bedrock_schema(body)


def _json_tools(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The tool by which LiteLLM asks for JSON where a provider has no JSON schemas."""
    tools = body.get("tools") or []
    return [tool for tool in tools if "json_tool_call" in (tool.get("name"), (tool.get("function") or {}).get("name"))]


def _is_object(text: str) -> bool:
    """Whether a text can be the input of a tool; a model that writes another calls none."""
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _bedrock_schema(body: dict[str, Any]) -> dict[str, Any] | None:
    tools = [tool.get("toolSpec", {}) for tool in (body.get("toolConfig") or {}).get("tools", [])]
    return next((tool["inputSchema"]["json"] for tool in tools if tool.get("name") == "json_tool_call"), None)


def pieces(text: str) -> list[str]:
    """`text` in pieces of at most eight characters, at least one."""
    return [text[start : start + 8] for start in range(0, len(text), 8)] or [""]


def whole(received: Received, reply: Reply) -> bytes:
    """The body of a reply that is not streamed."""
    body = _WHOLE[received.wire](received, reply)
    if reply.empty:
        body = _without_answer(received.wire, body)
    return json.dumps(body, ensure_ascii=False).encode()


def _without_answer(wire: Wire, body: dict[str, Any]) -> dict[str, Any]:
    """A whole body whose answer is missing: an empty list where the format has one, else no member at all."""
    if wire == "bedrock":
        return {**body, "output": {"message": {"role": "assistant", "content": []}}}
    member = {"anthropic": "content", "gemini": "candidates", "ollama": "message", "generate": "response"}.get(wire, "choices")
    rest = {name: part for name, part in body.items() if name != member}
    return rest if wire in {"ollama", "generate"} else {**rest, member: []}


def error_body(wire: Wire, status: int, message: str, code: str | None = None) -> str:
    """The body of an error as a server of this format writes it; formats without codes leave `code` out."""
    bodies: dict[Wire, Any] = {
        "anthropic": {"type": "error", "error": {"type": code or "api_error", "message": message}},
        "ollama": {"error": message},
        "generate": {"error": message},
        "gemini": {"error": {"code": status, "message": message, "status": code or "INTERNAL"}},
        "bedrock": {"message": message},
    }
    plain = {"error": {"message": message, "type": "server_error" if status >= 500 else "invalid_request_error", "code": code}}
    return json.dumps(bodies.get(wire, plain))


def streamed(received: Received, reply: Reply) -> tuple[str, list[bytes]]:
    """Content type and chunks of a streamed reply."""
    content_type, events = _STREAMED[received.wire](received, reply)
    return content_type, events[: reply.events]


def _model(received: Received) -> str:
    named = received.body.get("model")
    return str(named) if named else received.path.split("/")[-2 if received.wire == "bedrock" else -1]


def _openai_usage(reply: Reply) -> dict[str, int]:
    return {
        "prompt_tokens": reply.input_tokens,
        "completion_tokens": reply.output_tokens,
        "total_tokens": reply.input_tokens + reply.output_tokens,
    }


def _openai(received: Received, reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if _json_tools(received.body):
        call = {"id": "call_1", "type": "function", "function": {"name": "json_tool_call", "arguments": reply.text}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": CREATED,
        "model": _model(received),
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish}],
        "service_tier": "default",
        "usage": _openai_usage(reply),
    }


def _openai_stream(received: Received, reply: Reply) -> tuple[str, list[bytes]]:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": CREATED, "model": _model(received)}

    def chunk(delta: dict[str, str], finish: str | None) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    events = [chunk({"role": "assistant", "content": ""}, None)]
    events += [chunk({"content": piece}, None) for piece in pieces(reply.text)]
    events += [chunk({}, reply.finish), {**head, "choices": [], "usage": _openai_usage(reply)}]
    return EVENT_STREAM, [*(_event(event) for event in events), b"data: [DONE]\n\n"]


def _event(payload: dict[str, Any], name: str | None = None) -> bytes:
    prefix = f"event: {name}\n" if name else ""
    return f"{prefix}data: {json.dumps(payload, ensure_ascii=False)}\n\n".encode()


_ANTHROPIC_STOP = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


def _anthropic(received: Received, reply: Reply) -> dict[str, Any]:
    tool = bool(_json_tools(received.body)) and _is_object(reply.text)
    content: dict[str, Any] = {"type": "text", "text": reply.text}
    if tool:
        content = {"type": "tool_use", "id": "toolu_1", "name": "json_tool_call", "input": json.loads(reply.text)}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": _model(received),
        "content": [content],
        "stop_reason": "tool_use" if tool else _ANTHROPIC_STOP[reply.finish],
        "stop_sequence": None,
        "usage": {"input_tokens": reply.input_tokens, "output_tokens": reply.output_tokens},
    }


def _anthropic_stream(received: Received, reply: Reply) -> tuple[str, list[bytes]]:
    opening = _anthropic(received, Reply(input_tokens=reply.input_tokens, output_tokens=1))
    start = {"type": "message_start", "message": {**opening, "content": [], "stop_reason": None}}
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}} for piece in pieces(reply.text)
    ]
    ends = {"stop_reason": _ANTHROPIC_STOP[reply.finish], "stop_sequence": None}
    usage = {"output_tokens": reply.output_tokens}
    tail = [
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ends, "usage": usage},
        {"type": "message_stop"},
    ]
    return EVENT_STREAM, [_event(event, str(event["type"])) for event in [start, block, *deltas, *tail]]


def _ollama_line(received: Received, text: str, end: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "model": _model(received),
        "created_at": "2023-11-14T22:13:20Z",
        "message": {"role": "assistant", "content": text},
        "done": end is not None,
        **(end or {}),
    }


def _ollama_end(reply: Reply) -> dict[str, Any]:
    return {
        "done_reason": reply.finish,
        "total_duration": 1000,
        "prompt_eval_count": reply.input_tokens,
        "eval_count": reply.output_tokens,
    }


def _ollama(received: Received, reply: Reply) -> dict[str, Any]:
    return _ollama_line(received, reply.text, _ollama_end(reply))


def _ollama_stream(received: Received, reply: Reply) -> tuple[str, list[bytes]]:
    lines = [_ollama_line(received, piece) for piece in pieces(reply.text)] + [_ollama_line(received, "", _ollama_end(reply))]
    return "application/x-ndjson", [json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines]


def _generated(line: dict[str, Any]) -> dict[str, Any]:
    """A line of `/api/chat` as `/api/generate` writes it."""
    return {**{name: part for name, part in line.items() if name != "message"}, "response": line["message"]["content"]}


def _generate(received: Received, reply: Reply) -> dict[str, Any]:
    return _generated(_ollama(received, reply))


def _generate_stream(received: Received, reply: Reply) -> tuple[str, list[bytes]]:
    content_type, lines = _ollama_stream(received, reply)
    return content_type, [json.dumps(_generated(json.loads(line)), ensure_ascii=False).encode() + b"\n" for line in lines]


_GEMINI_FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}


def _gemini_part(received: Received, reply: Reply, text: str, finish: str | None) -> dict[str, Any]:
    usage = {
        "promptTokenCount": reply.input_tokens,
        "candidatesTokenCount": reply.output_tokens,
        "totalTokenCount": reply.input_tokens + reply.output_tokens,
    }
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": _model(received).split(":")[0]}


def _gemini(received: Received, reply: Reply) -> dict[str, Any]:
    return _gemini_part(received, reply, reply.text, _GEMINI_FINISH[reply.finish])


def _gemini_stream(received: Received, reply: Reply) -> tuple[str, list[bytes]]:
    parts = pieces(reply.text)
    finish = [None] * (len(parts) - 1) + [_GEMINI_FINISH[reply.finish]]
    return EVENT_STREAM, [_event(_gemini_part(received, reply, *pair)) for pair in zip(parts, finish, strict=True)]


_BEDROCK_STOP = {"stop": "end_turn", "length": "max_tokens", "content_filter": "content_filtered"}


def _bedrock_usage(reply: Reply) -> dict[str, int]:
    return {
        "inputTokens": reply.input_tokens,
        "outputTokens": reply.output_tokens,
        "totalTokens": reply.input_tokens + reply.output_tokens,
    }


def _bedrock(received: Received, reply: Reply) -> dict[str, Any]:
    tool = _bedrock_schema(received.body) is not None and _is_object(reply.text)
    content: dict[str, Any] = {"text": reply.text}
    if tool:
        content = {"toolUse": {"toolUseId": "tooluse_1", "name": "json_tool_call", "input": json.loads(reply.text)}}
    return {
        "output": {"message": {"role": "assistant", "content": [content]}},
        "stopReason": "tool_use" if tool else _BEDROCK_STOP[reply.finish],
        "usage": _bedrock_usage(reply),
        "metrics": {"latencyMs": 1},
    }


def _bedrock_stream(received: Received, reply: Reply) -> tuple[str, list[bytes]]:
    del received
    events = [("messageStart", {"role": "assistant"})]
    events += [("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}}) for piece in pieces(reply.text)]
    events += [("contentBlockStop", {"contentBlockIndex": 0}), ("messageStop", {"stopReason": _BEDROCK_STOP[reply.finish]})]
    events += [("metadata", {"usage": _bedrock_usage(reply), "metrics": {"latencyMs": 1}})]
    return "application/vnd.amazon.eventstream", [_aws_event(name, payload) for name, payload in events]


def _aws_event(name: str, payload: dict[str, Any]) -> bytes:
    """One message of the AWS event stream encoding: lengths, CRC of the prelude, typed headers, payload, CRC of it all."""
    named = {":message-type": "event", ":event-type": name, ":content-type": "application/json"}
    headers = b"".join(_aws_header(key, value) for key, value in named.items())
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + body
    return message + struct.pack(">I", zlib.crc32(message))


def _aws_header(name: str, value: str) -> bytes:
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()


_WHOLE = {
    "openai": _openai,
    "azure": _openai,
    "anthropic": _anthropic,
    "ollama": _ollama,
    "generate": _generate,
    "gemini": _gemini,
    "bedrock": _bedrock,
}
_STREAMED = {
    "openai": _openai_stream,
    "azure": _openai_stream,
    "anthropic": _anthropic_stream,
    "ollama": _ollama_stream,
    "generate": _generate_stream,
    "gemini": _gemini_stream,
    "bedrock": _bedrock_stream,
}
