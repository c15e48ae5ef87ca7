"""A provider on 127.0.0.1 that lists its models beside answering chats: a loopback server with GET, and POST of `/api/show`.

`lists` maps a path to a JSON value, or to a Fault; any other path is 404. `asked` holds every listing that was asked for.
"""

from __future__ import annotations

import json
from typing import Any

from tests.loopback import Fault, LoopbackServer, Reply, _Handler
from tests.wire_formats import Received

FOLLOWS = '{"seven_is_prime": true}'
HTML = Fault(200, "<html><body>Please log in</body></html>", {"content-type": "text/html"})
ERROR = Fault(200, '{"error": {"message": "out of order"}}')
WRONG_KEY = Fault(401, '{"error": {"message": "Incorrect API key provided"}}')


def obedient(received: Received) -> Reply:
    """Answer in words, or under a schema as it asks."""
    return Reply(FOLLOWS if received.schema else "ready")


def openai_list(*names: str, **extra: Any) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": name, "object": "model", **extra} for name in names]}


def ollama_lists(*names: str, loaded: tuple[str, ...] = (), context: int = 131072) -> dict[str, Any]:
    return {
        "/api/tags": {"models": [{"name": name, "model": name} for name in names]},
        "/api/ps": {"models": [{"name": name, "model": name} for name in loaded]},
        "/api/show": {"model_info": {"general.architecture": "llama", "llama.context_length": context}},
    }


def lm_studio_lists(name: str, *, state: str = "loaded", context: int = 32768, loaded_context: int | None = None) -> dict[str, Any]:
    item = {"id": name, "object": "model", "type": "llm", "state": state, "max_context_length": context}
    if loaded_context is not None:
        item["loaded_context_length"] = loaded_context
    return {"/api/v0/models": {"object": "list", "data": [item]}}


class Provider(LoopbackServer):
    """The server; `script` and `lists` may be changed while it runs."""

    def __init__(self, lists: dict[str, Any] | None = None, script: Any = obedient) -> None:
        super().__init__(script)
        self.lists = lists or {}
        self.asked: list[Received] = []
        self._http.RequestHandlerClass = _Listing

    @property
    def traffic(self) -> int:
        """How many requests arrived."""
        return len(self.requests) + len(self.asked)

    @property
    def keys(self) -> set[str | None]:
        """The keys that arrived."""
        return {one.key for one in (*self.requests, *self.asked)}


class _Listing(_Handler):
    def do_GET(self) -> None:
        self._list(Received(*self._place(), self._headers(), {}))

    def do_POST(self) -> None:
        if self.path == "/api/show":
            self._list(self._received())
        else:
            super().do_POST()

    def _place(self) -> tuple[str, str]:
        path, _, query = self.path.partition("?")
        return path, query

    def _headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _list(self, received: Received) -> None:
        owner: Any = self.server.owner
        owner.asked.append(received)
        found = owner.lists.get(received.path, Fault(404, '{"error": "no such path"}'))
        if isinstance(found, Fault):
            self._fail(found)
        else:
            self._body(200, json.dumps(found).encode(), {"content-type": "application/json"})
