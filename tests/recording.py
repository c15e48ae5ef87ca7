"""How recorded calls are stored and matched: readable YAML, JSON bodies compared as JSON, few headers, no secrets."""

from __future__ import annotations

import difflib
import json
from typing import Any

import yaml

KEPT_REQUEST_HEADERS = frozenset({"content-type", "anthropic-version"})
KEPT_RESPONSE_HEADERS = frozenset({"content-type", "retry-after"})
MATCH_ON = ("method", "scheme", "host", "port", "path", "query", "json_body")
MISS = "CannotOverwriteExistingCassetteException"


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and everything in full."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


class ReadableYaml:
    """A serializer for vcrpy: JSON bodies as YAML, event streams as lists of events, and where the recording comes from."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def serialize(self, cassette: dict[str, Any]) -> str:
        """The text of a cassette; vcrpy hands over version and interactions."""
        for exchange in cassette["interactions"]:
            exchange["request"]["body"] = packed(exchange["request"]["body"])
            exchange["response"]["body"] = packed(exchange["response"]["body"].get("string"))
        headed = {"recorded_from": self._origin, **cassette}
        return yaml.dump(headed, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)

    def deserialize(self, text: str) -> dict[str, Any]:
        """What vcrpy expects, from the text of a cassette."""
        cassette: dict[str, Any] = yaml.safe_load(text)
        for exchange in cassette["interactions"]:
            exchange["request"]["body"] = unpacked(exchange["request"]["body"])
            exchange["response"]["body"] = {"string": unpacked(exchange["response"]["body"])}
        return cassette


def packed(body: Any) -> Any:
    """A body as it is stored: `json`, `lines` of JSON, `events` of a stream, or the text itself."""
    text = body.decode() if isinstance(body, bytes) else body
    if not isinstance(text, str) or not text:
        return text
    if text.startswith(("data:", "event:")):
        return {"events": text.split("\n\n")}
    try:
        return {"json": json.loads(text)}
    except ValueError:
        pass
    try:
        return {"lines": [json.loads(line) for line in text.splitlines()]}
    except ValueError:
        return text


def unpacked(stored: Any) -> Any:
    """The body again; JSON has the same value, not the same blanks."""
    if not isinstance(stored, dict):
        return stored
    if "json" in stored:
        return json.dumps(stored["json"], ensure_ascii=False)
    if "lines" in stored:
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in stored["lines"])
    return "\n\n".join(stored["events"])


def json_body(one: Any, other: Any) -> None:
    """A matcher for vcrpy: equal JSON, whatever content type was said. Raises AssertionError with the difference."""
    asked, recorded = _parsed(one.body), _parsed(other.body)
    if asked != recorded:
        texts = [json.dumps(body, indent=1, ensure_ascii=False, sort_keys=True).splitlines() for body in (recorded, asked)]
        difference = difflib.unified_diff(*texts, "recorded", "this request", n=1, lineterm="")
        raise AssertionError("\n".join(list(difference)[:60]))


def _parsed(body: Any) -> Any:
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def without_request_headers(request: Any) -> Any:
    """Only the headers that change an answer; never a key."""
    for name in list(request.headers):
        if name.lower() not in KEPT_REQUEST_HEADERS:
            del request.headers[name]
    return request


def without_response_headers(response: dict[str, Any]) -> dict[str, Any]:
    """Only the headers that a client reads."""
    response["headers"] = {name: value for name, value in response["headers"].items() if name.lower() in KEPT_RESPONSE_HEADERS}
    return response


def configuration() -> dict[str, Any]:
    """What `VCR.use_cassette` is given."""
    return {
        "serializer": "yaml",
        "match_on": MATCH_ON,
        "before_record_request": without_request_headers,
        "before_record_response": without_response_headers,
        "decode_compressed_response": True,
        "allow_playback_repeats": False,
    }


def configure(vcr: Any, origin: str) -> None:
    """Teach a VCR instance our format and our matcher."""
    vcr.register_serializer("yaml", ReadableYaml(origin))
    vcr.register_matcher("json_body", json_body)
